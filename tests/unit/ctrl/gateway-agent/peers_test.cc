// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/peers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ctrl/gateway-agent/network_fixture.h"

namespace raven::gateway_agent {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const std::vector<Peer>& peers) {
  std::vector<std::string> all;
  for (const Peer& peer : peers) all.push_back(peer.name);
  return all;
}

std::vector<Peer> peers_of(const std::vector<Site>& sites, const std::string& self) {
  std::vector<PlanProblem> problems;
  return find_peers(network_of(sites, self), problems);
}

TEST(Peers, AreAllBoxesOfOtherSitesStandbyOnesIncluded) {
  EXPECT_THAT(names(peers_of(three_sites(), "e1")), ElementsAre("c1", "c2", "f1"));
  EXPECT_THAT(names(peers_of(three_sites(), "c1")), ElementsAre("e1", "f1"));
  EXPECT_THAT(names(peers_of(three_sites(), "c2")), ElementsAre("e1", "f1"));
}

TEST(Peers, AreNoneForPlainNodesStrangersAndSitesWithoutTunnels) {
  EXPECT_THAT(peers_of(three_sites(), "c3"), IsEmpty());
  EXPECT_THAT(peers_of(three_sites(), "unknown"), IsEmpty());
  auto sites = three_sites();
  sites[0].gateway.tunnel_replicas = 0;
  EXPECT_THAT(peers_of(sites, "c1"), IsEmpty());
  EXPECT_THAT(names(peers_of(sites, "e1")), ElementsAre("f1"));
}

TEST(Peers, TheNameThatSortsFirstBegins) {
  EXPECT_TRUE(peers_of(three_sites(), "c1")[0].initiator);   // c1 - e1
  EXPECT_FALSE(peers_of(three_sites(), "e1")[0].initiator);  // the same pair
}

TEST(Peers, TheSideBehindNatBeginsWhateverItsName) {
  EXPECT_FALSE(peers_of(three_sites(), "c1")[1].initiator);  // c1 - f1
  for (const Peer& peer : peers_of(three_sites(), "f1")) EXPECT_TRUE(peer.initiator) << peer.name;
}

TEST(Peers, ExactlyOneSideOfEachPairBegins) {
  const auto sites = three_sites();
  for (const std::string self : {"c1", "c2", "e1", "f1"})
    for (const Peer& peer : peers_of(sites, self))
      for (const Peer& back : peers_of(sites, peer.name))
        if (back.name == self) {
          EXPECT_NE(peer.initiator, back.initiator) << self << " - " << peer.name;
        }
}

TEST(Peers, BehindNatHasNoAddressToBeReachedAt) {
  const auto peers = peers_of(three_sites(), "c1");
  EXPECT_EQ(peers[0].address, *IpAddress::parse("198.51.100.11"));
  EXPECT_EQ(peers[0].port, 4500);
  EXPECT_FALSE(peers[1].address.has_value());
}

TEST(Peers, BothBehindNatIsAProblemAndNoTunnel) {
  auto sites = three_sites();
  sites[1].gateway.endpoints[0].under_nat = true;
  std::vector<PlanProblem> problems;
  const auto peers = find_peers(network_of(sites, "f1"), problems);
  EXPECT_THAT(names(peers), ElementsAre("c1", "c2"));
  EXPECT_THAT(
      problems, ElementsAre(testing::AllOf(
                    Field(&PlanProblem::item, "peer e1"),
                    Field(&PlanProblem::reason, HasSubstr("both sides are behind NAT"))
                ))
  );
}

TEST(Peers, WithoutPublicIpIsAProblemOnlyForTheSideThatBegins) {
  auto sites = three_sites();
  sites[1].gateway.endpoints[0].public_address.reset();
  sites[1].gateway.endpoints[0].public_ip.clear();
  std::vector<PlanProblem> problems;
  find_peers(network_of(sites, "c1"), problems);
  EXPECT_THAT(problems, ElementsAre(Field(&PlanProblem::reason, HasSubstr("publicIP"))));
  problems.clear();
  find_peers(network_of(sites, "e1"), problems);
  EXPECT_THAT(problems, IsEmpty());
}

}  // namespace
}  // namespace raven::gateway_agent
