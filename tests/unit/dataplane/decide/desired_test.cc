// The checks of a DesiredState: what is wrong is named and left out, the rest holds.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/desired.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace raven::dataplane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

CheckedDesired check(const std::string& text) {
  dpapi::v1::DesiredState message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return check_desired(message);
}

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

constexpr char kGood[] = R"(
  generation: 7 node_name: "cloud-gw1" pool: "cloud" overlay_address: "240.1.0.1"
  own_prefixes: "10.0.1.0/24"
  local_nodes { name: "cloud-n1" address: "192.168.0.9" prefixes: "10.0.2.0/24" }
  peers { name: "edge-gw1" tunnel_id: 11 pool: "edge" }
  peers { name: "edge-gw2" tunnel_id: 12 pool: "edge" }
  remote_pools { name: "edge" prefixes: "10.1.0.0/16" prefixes: "fd01::/64"
                 gateways: "edge-gw1" gateways: "edge-gw2" }
)";

TEST(Desired, ReadsAGoodState) {
  const CheckedDesired checked = check(kGood);
  EXPECT_THAT(checked.errors, IsEmpty());
  EXPECT_EQ(checked.generation, 7u);
  ASSERT_THAT(checked.state.pools, SizeIs(1));
  EXPECT_THAT(checked.state.pools[0].gateways, ElementsAre(11, 12));
  EXPECT_THAT(
      checked.state.remote_prefixes(), ElementsAre(prefix("10.1.0.0/16"), prefix("fd01::/64"))
  );
  ASSERT_THAT(checked.state.nodes, SizeIs(1));
  EXPECT_TRUE(checked.state.nodes[0].vxlan);
}

TEST(Desired, IsTheSameWhateverTheGeneration) {
  CheckedDesired later = check(kGood);
  later.generation = 8;
  EXPECT_TRUE(check(kGood).state == later.state);
  later.state.pools[0].gateways = {12, 11};
  EXPECT_FALSE(check(kGood).state == later.state);
}

struct BadCase {
  const char* name;
  const char* extra;  // appended to the good state
  const char* item;
  const char* reason;
};

class DesiredBadItem : public testing::TestWithParam<BadCase> {};

// Rule 56: refuses
TEST_P(DesiredBadItem, IsNamedAndLeftOutWhileAllElseHolds) {
  const CheckedDesired good = check(kGood);
  const CheckedDesired checked = check(std::string{kGood} + GetParam().extra);
  ASSERT_THAT(checked.errors, SizeIs(1));
  EXPECT_THAT(checked.errors[0].item, HasSubstr(GetParam().item));
  EXPECT_THAT(checked.errors[0].reason, HasSubstr(GetParam().reason));
  EXPECT_EQ(checked.state.peers, good.state.peers);
  EXPECT_EQ(checked.state.nodes, good.state.nodes);
  EXPECT_EQ(checked.state.pools[0], good.state.pools[0]);
}

INSTANTIATE_TEST_SUITE_P(
    All, DesiredBadItem,
    testing::Values(
        BadCase{
            "HostBits", R"(remote_pools { name: "x" prefixes: "10.9.1.1/16" })",
            "remote_pool x prefix 10.9.1.1/16", "host bits"},
        BadCase{
            "PrefixTooLong", R"(remote_pools { name: "x" prefixes: "10.9.0.0/33" })", "10.9.0.0/33",
            ""},
        BadCase{"NoPrefix", R"(remote_pools { name: "x" prefixes: "banana" })", "banana", ""},
        BadCase{
            "DefaultRoute", R"(remote_pools { name: "x" prefixes: "0.0.0.0/0" })", "0.0.0.0/0",
            "default route"},
        BadCase{
            "Loopback", R"(remote_pools { name: "x" prefixes: "127.1.0.0/16" })", "127.1.0.0/16",
            "no host"},
        BadCase{
            "AroundGroups", R"(remote_pools { name: "x" prefixes: "192.0.0.0/2" })", "192.0.0.0/2",
            "no host"},
        BadCase{
            "Ipv6LinkLocal", R"(remote_pools { name: "x" prefixes: "fe80::/64" })", "fe80::/64",
            "no host"},
        BadCase{
            "OwnPool", R"(remote_pools { name: "cloud" prefixes: "10.9.0.0/16" })",
            "remote_pool cloud", "own pool"},
        BadCase{
            "PoolTwice", R"(remote_pools { name: "edge" prefixes: "10.9.0.0/16" })",
            "remote_pool edge", "twice"},
        BadCase{
            "UnknownGateway", R"(remote_pools { name: "x" gateways: "nobody" })", "gateway nobody",
            "peers"},
        BadCase{"TunnelZero", R"(peers { name: "p" })", "peer p", "out of range"},
        BadCase{
            "TunnelTooBig", R"(peers { name: "p" tunnel_id: 16777216 })", "peer p", "out of range"},
        BadCase{"TunnelTwice", R"(peers { name: "p" tunnel_id: 11 })", "peer p", "edge-gw1"},
        BadCase{
            "PeerTwice", R"(peers { name: "edge-gw1" tunnel_id: 99 })", "peer edge-gw1",
            "another peer"},
        BadCase{
            "NodeAddress", R"(local_nodes { name: "n" address: "192.168.0.300" })", "local_node n",
            ""},
        BadCase{
            "NodeTwice", R"(local_nodes { name: "n" address: "192.168.0.9" })", "local_node n",
            "another node"}
    ),
    [](const auto& row) { return row.param.name; }
);

TEST(Desired, RoutesNeitherOfTwoPoolsThatClaimTheSamePrefix) {
  const CheckedDesired checked =
      check(std::string{kGood} + R"(remote_pools { name: "x" prefixes: "10.1.7.0/24" })");
  ASSERT_THAT(checked.errors, SizeIs(2));
  EXPECT_THAT(checked.errors[0].reason, HasSubstr("overlaps"));
  EXPECT_THAT(checked.state.pools[0].prefixes, ElementsAre(prefix("fd01::/64")));
  EXPECT_THAT(checked.state.pools[1].prefixes, IsEmpty());
  EXPECT_THAT(checked.state.blocked.prefixes, ElementsAre(prefix("10.1.0.0/16")));
}

TEST(Desired, BlocksARemotePrefixAroundOurOwnAndKeepsOurs) {
  const CheckedDesired checked =
      check(std::string{kGood} + R"(remote_pools { name: "x" prefixes: "10.0.0.0/8" })");
  EXPECT_THAT(checked.state.pools[1].prefixes, IsEmpty());
  EXPECT_THAT(checked.state.own_prefixes, ElementsAre(prefix("10.0.1.0/24")));
  EXPECT_THAT(checked.state.blocked.prefixes, ElementsAre(prefix("10.0.0.0/8")));
  EXPECT_THAT(
      checked.state.blocked.holes, ElementsAre(prefix("10.0.1.0/24"), prefix("10.0.2.0/24"))
  );
}

TEST(Desired, BlocksAPrefixAroundManyOfOurOwnWithoutManyRoutes) {
  dpapi::v1::DesiredState message;
  message.set_pool("cloud");
  for (uint32_t i = 0; i < 300; ++i)
    message.add_own_prefixes(fmt::format("fd00:{:x}:{:x}::/122", i * 2654435761u >> 16, i));
  message.mutable_blocked()->add_prefixes("fd00::/8");
  const CheckedDesired checked = check_desired(message);
  EXPECT_THAT(checked.state.blocked.prefixes, ElementsAre(prefix("fd00::/8")));
  EXPECT_THAT(checked.state.blocked.holes, SizeIs(300));
  EXPECT_EQ(checked.state.prefix_count(), 301u);
}

// Without this they would follow the default route in clear text.
TEST(Desired, BlocksWhatReachesIntoAddressesOfNoHostButNotThose) {
  const CheckedDesired checked = check(
      std::string{kGood} + R"(remote_pools { name: "x" prefixes: "192.0.0.0/2" prefixes: "fe00::/7"
                                             prefixes: "ff05::/16" prefixes: "127.1.0.0/16" })"
  );
  EXPECT_THAT(checked.errors, SizeIs(4));
  EXPECT_THAT(checked.state.pools[1].prefixes, IsEmpty());
  EXPECT_THAT(
      checked.state.blocked.prefixes, ElementsAre(prefix("192.0.0.0/2"), prefix("fe00::/7"))
  );
  EXPECT_THAT(
      checked.state.blocked.holes,
      ElementsAre(
          prefix("192.168.0.9/32"), prefix("224.0.0.0/3"), prefix("fe80::/10"), prefix("ff00::/8")
      )
  );
}

TEST(Desired, BlocksDroppedPrefixesButNotWhatOfThemIsOurs) {
  const CheckedDesired checked =
      check(std::string{kGood} + R"(blocked { prefixes: "10.0.0.0/22" prefixes: "10.0.2.128/25"
                                        prefixes: "192.168.0.8/31" prefixes: "fd09::/16" })");
  EXPECT_THAT(checked.errors, IsEmpty());
  EXPECT_THAT(
      checked.state.blocked.prefixes,
      ElementsAre(prefix("10.0.0.0/22"), prefix("192.168.0.8/31"), prefix("fd09::/16"))
  );
  EXPECT_THAT(
      checked.state.blocked.holes,
      ElementsAre(prefix("10.0.1.0/24"), prefix("10.0.2.0/24"), prefix("192.168.0.9/32"))
  );
  EXPECT_THAT(checked.state.pools[0].prefixes, testing::SizeIs(2)) << "others are not touched";
}

TEST(Desired, TakesHolesOfTheAgentButNoneInWhatARemotePoolClaims) {
  const CheckedDesired checked =
      check(std::string{kGood} + R"(remote_pools { name: "x" prefixes: "10.0.0.0/12" }
                              blocked { prefixes: "10.0.0.0/8" holes: "10.64.0.0/16"
                                        holes: "10.1.7.0/24" holes: "10.2.0.0/16" })");
  EXPECT_THAT(checked.state.blocked.prefixes, ElementsAre(prefix("10.0.0.0/8")));
  EXPECT_THAT(
      checked.state.blocked.holes,
      ElementsAre(prefix("10.0.1.0/24"), prefix("10.0.2.0/24"), prefix("10.64.0.0/16"))
  );
  ASSERT_THAT(checked.errors, SizeIs(4)) << "x and edge overlap, x holds our own, two holes";
  EXPECT_EQ(checked.errors[2].item, "hole prefix 10.1.7.0/24");
  EXPECT_THAT(checked.errors[3].reason, HasSubstr("stays blocked"));
}

TEST(Desired, BlocksNoPrefixesOfANodeThatItCannotPlace) {
  const CheckedDesired checked = check(
      std::string{kGood} +
      R"(local_nodes { name: "b" address: "192.168.0.9" prefixes: "10.0.3.0/24" }
                              blocked { prefixes: "10.0.0.0/22" })"
  );
  ASSERT_THAT(checked.errors, SizeIs(1));
  EXPECT_THAT(checked.state.blocked.prefixes, ElementsAre(prefix("10.0.0.0/22")));
  EXPECT_THAT(
      checked.state.blocked.holes,
      ElementsAre(prefix("10.0.1.0/24"), prefix("10.0.2.0/24"), prefix("10.0.3.0/24"))
  );
}

TEST(Desired, LeavesOurOwnPrefixReachableWhenAPeerClaimsAPartOfIt) {
  const CheckedDesired checked =
      check(std::string{kGood} + R"(remote_pools { name: "x" prefixes: "10.0.1.128/25" })");
  ASSERT_THAT(checked.errors, SizeIs(1));
  EXPECT_THAT(checked.errors[0].reason, HasSubstr("this box"));
  EXPECT_THAT(checked.state.blocked.prefixes, IsEmpty());
}

TEST(Desired, ChecksTenThousandPrefixesWithoutQuadraticTime) {
  dpapi::v1::DesiredState message;
  for (int pool = 0; pool < 2; ++pool) {
    auto* added = message.add_remote_pools();
    added->set_name("pool" + std::to_string(pool));
    for (int i = 0; i < 40000; ++i)
      added->add_prefixes(
          IpPrefix::host(IpAddress::v4(0x0a000000u + static_cast<uint32_t>(2 * i + pool))).text()
      );
  }
  EXPECT_THAT(check_desired(message).errors, IsEmpty());
}

}  // namespace
}  // namespace raven::dataplane
