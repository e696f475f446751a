// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/ike_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raven::gateway_agent {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

const Instant kStart{seconds{1000}};

IkeConnection connection(const std::string& name, uint16_t port = 4500) {
  Peer peer;
  peer.name = name;
  peer.initiator = true;
  peer.address = IpAddress::v4(0xc6336401);
  peer.port = port;
  return {.name = "raven-" + name, .peer = peer, .children = 3};
}

LoadedConnections loaded(const std::vector<IkeConnection>& connections) {
  LoadedConnections all;
  for (const auto& one : connections) all[one.name] = {one, kStart, {}};
  return all;
}

vici::IkeSa sa(const std::string& peer, std::vector<std::string> children) {
  vici::IkeSa ike{.connection = "raven-" + peer, .state = "ESTABLISHED"};
  for (const std::string& name : children)
    ike.children.push_back({.name = name, .state = "INSTALLED"});
  return ike;
}

std::vector<std::string> names(const std::vector<const IkeConnection*>& connections) {
  std::vector<std::string> all;
  for (const auto* one : connections) all.push_back(one->name);
  return all;
}

TEST(IkeDiff, LoadsEverythingIntoANewCharon) {
  const std::vector desired{connection("a"), connection("b")};
  EXPECT_THAT(names(diff_connections(desired, {}, {}).load), ElementsAre("raven-a", "raven-b"));
}

TEST(IkeDiff, LeavesAloneWhatHasNotChanged) {
  const std::vector desired{connection("a"), connection("b", 4501)};
  const auto before = loaded({connection("a"), connection("b")});
  const auto changes = diff_connections(desired, before, {"raven-a", "raven-b"});
  EXPECT_THAT(names(changes.load), ElementsAre("raven-b"));
  EXPECT_THAT(changes.remove, IsEmpty());
}

TEST(IkeDiff, LoadsAgainWhatCharonHasLost) {
  const std::vector desired{connection("a")};
  const auto changes = diff_connections(desired, loaded({connection("a")}), {});
  EXPECT_THAT(names(changes.load), ElementsAre("raven-a"));
}

TEST(IkeDiff, RemovesOwnConnectionsOnly) {
  const std::vector desired{connection("a")};
  const auto changes =
      diff_connections(desired, loaded({connection("a")}), {"raven-a", "raven-old", "office-vpn"});
  EXPECT_THAT(changes.remove, ElementsAre("raven-old"));
}

// What charon is asked to begin, some time after the connection was loaded.
std::vector<std::string> missing(
    IkeConnection one, const std::vector<vici::IkeSa>& sas, seconds after = seconds{60}
) {
  return missing_children(one, {one, kStart, {}}, sas, kStart + after);
}

TEST(MissingChildren, AreThoseThatNobodyIsBringingUp) {
  EXPECT_THAT(missing(connection("a"), {}), ElementsAre("net-1", "net-2", "net-3"));
  EXPECT_THAT(missing(connection("a"), {sa("a", {"net-1", "net-3"})}), ElementsAre("net-2"));
  EXPECT_THAT(missing(connection("a"), {sa("a", {"net-1", "net-2", "net-3"})}), IsEmpty());
  EXPECT_THAT(missing(connection("a"), {sa("b", {"net-1", "net-2", "net-3"})}).size(), 3u);
}

TEST(MissingChildren, AreCountedWhateverTheirNames) {
  // A responder that was begun by the other side sees each child as its first.
  EXPECT_THAT(missing(connection("a"), {sa("a", {"net-1", "net-1", "net-1"})}), IsEmpty());
  EXPECT_THAT(missing(connection("a"), {sa("a", {"net-1", "net-1"})}), ElementsAre("net-2"));
}

TEST(MissingChildren, AreLeftToCharonWhileItIsAtIt) {
  EXPECT_THAT(missing(connection("a"), {}, seconds{0}), IsEmpty());
  auto connecting = sa("a", {});
  connecting.state = "CONNECTING";
  EXPECT_THAT(missing(connection("a"), {connecting}), IsEmpty());
  auto creating = sa("a", {"net-1"});
  creating.is_creating_child = true;
  EXPECT_THAT(missing(connection("a"), {creating}), IsEmpty());
}

TEST(MissingChildren, AreNotAskedForAgainAtOnce) {
  const auto one = connection("a");
  const LoadedConnection recent{one, kStart, kStart + seconds{58}};
  const std::vector<vici::IkeSa> none;
  EXPECT_THAT(missing_children(one, recent, none, kStart + seconds{60}), IsEmpty());
  EXPECT_EQ(missing_children(one, recent, none, kStart + seconds{62}).size(), 3u);
}

TEST(MissingChildren, AreBegunByTheOtherSideOnlyWhenThereIsNoIkeSaForAWhile) {
  auto one = connection("a");
  one.peer.initiator = false;
  EXPECT_THAT(missing(one, {sa("a", {"net-1"})}), IsEmpty());
  EXPECT_THAT(missing(one, {}, seconds{7}), IsEmpty());
  EXPECT_EQ(missing(one, {}, seconds{11}).size(), 3u);
  one.peer.address.reset();
  EXPECT_THAT(missing(one, {}), IsEmpty());
}

TEST(MissingChildren, CountOnlyWhatCarriesTraffic) {
  const std::vector sas{sa("b", {"net-1"}), [] {
                          auto half = sa("a", {"net-1", "net-2", "net-3"});
                          half.children[1].state = "DELETING";
                          half.children[2].state = "REKEYING";
                          return half;
                        }()};
  EXPECT_THAT(missing(connection("a"), sas), ElementsAre("net-2"));
  EXPECT_EQ(keys_of(connection("a"), sas).children, 2u);
  EXPECT_TRUE(keys_of(connection("a"), sas).established);
  EXPECT_FALSE(keys_of(connection("c"), sas).established);
}

}  // namespace
}  // namespace raven::gateway_agent
