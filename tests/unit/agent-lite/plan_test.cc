// plan(): pools and facts in, kernel state out.
// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent-lite/sample_network.h"

namespace raven::agent_lite {
namespace {

using netlink::Route;
using netlink::RouteType;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr MacAddress kMac{{2, 0, 0, 0, 0, 1}};

class PlanTest : public testing::Test {
 protected:
  Desired run() {
    const model::RemotePrefixes remote = model::remember_prefixes(before_, network_);
    return plan(network_, remote, facts_, gateway_, options_);
  }
  std::vector<Route> unicast(const Desired& desired) {
    std::vector<Route> routes = desired.routing.routes;
    std::erase_if(routes, [](const Route& route) { return route.type != RouteType::kUnicast; });
    return routes;
  }
  std::vector<std::string> blackholes(const Desired& desired) {
    std::vector<std::string> prefixes;
    for (const Route& route : desired.routing.routes)
      if (route.type == RouteType::kBlackhole) prefixes.push_back(route.destination.text());
    return prefixes;
  }
  void expect_only_blackholes() {
    const Desired desired = run();
    EXPECT_THAT(unicast(desired), IsEmpty());
    EXPECT_THAT(blackholes(desired), ElementsAre("10.2.0.0/16", "fd02::/48"));
    EXPECT_THAT(desired.routing.rules, SizeIs(2));
  }
  void expect_nothing() {
    const Desired desired = run();
    EXPECT_FALSE(desired.overlay);
    EXPECT_THAT(desired.routing.routes, IsEmpty());
    EXPECT_THAT(desired.routing.rules, IsEmpty());
    EXPECT_THAT(desired.neighbours, IsEmpty());
    EXPECT_THAT(desired.forwarding, IsEmpty());
  }

  model::Network network_ = sample_network();
  model::RemotePrefixes before_;
  NodeFacts facts_ = sample_facts();
  std::optional<std::string> gateway_ = "edge-gw1";
  PlanOptions options_{.encapsulation = Encapsulation::kVxlan, .wan_mtu = 0, .tunnel_overhead = 88};
};

TEST_F(PlanTest, OverlayHasTheNumbersOfRaven) {
  const Desired desired = run();
  ASSERT_TRUE(desired.overlay);
  EXPECT_EQ(desired.overlay->name, "raven0");
  EXPECT_EQ(desired.overlay->kind, "vxlan");
  EXPECT_EQ(desired.overlay->mtu, 1450u);
  EXPECT_EQ(desired.overlay->mac.text(), "aa:0f:f0:a8:07:05");
  EXPECT_EQ(desired.overlay->vxlan, (netlink::Vxlan{.vni = 200, .port = 4472, .learning = false}));
  ASSERT_THAT(desired.addresses, SizeIs(1));
  EXPECT_EQ(desired.addresses[0].text(), "240.168.7.5/8 dev 4294967295");
  EXPECT_EQ(desired.addresses[0].scope, netlink::AddressScope::kLink);
}

TEST_F(PlanTest, EveryGatewayOfTheOwnSiteIsAStaticPeer) {
  std::vector<std::string> neighbours, forwarding;
  const Desired desired = resolve(run(), 9);
  for (const auto& neighbour : desired.neighbours) neighbours.push_back(neighbour.text());
  for (const auto& entry : desired.forwarding) forwarding.push_back(entry.text());
  EXPECT_THAT(
      neighbours, ElementsAre(
                      "240.168.7.1 lladdr aa:0f:f0:a8:07:01 dev 9",
                      "fe80::f0a8:701 lladdr aa:0f:f0:a8:07:01 dev 9",
                      "240.168.7.2 lladdr aa:0f:f0:a8:07:02 dev 9",
                      "fe80::f0a8:702 lladdr aa:0f:f0:a8:07:02 dev 9"
                  )
  );
  EXPECT_THAT(
      forwarding,
      ElementsAre(
          "aa:0f:f0:a8:07:01 dst 192.168.7.1 dev 9", "aa:0f:f0:a8:07:02 dst 192.168.7.2 dev 9"
      )
  );
}

TEST_F(PlanTest, RoutesLeadThroughTheChosenGatewayWithBlackholesBelow) {
  std::vector<std::string> routes;
  for (const Route& route : resolve(run(), 9).routing.routes) routes.push_back(route.text());
  EXPECT_THAT(
      routes, ElementsAre(
                  "blackhole 10.2.0.0/16 table 9027 metric 65000",
                  "blackhole fd02::/48 table 9027 metric 65000",
                  "10.2.0.0/16 via 240.168.7.1 dev 9 table 9027 metric 10 mtu 1412",
                  "fd02::/48 via fe80::f0a8:701 dev 9 table 9027 metric 10 mtu 1412"
              )
  );
  for (const Route& route : run().routing.routes) {
    EXPECT_EQ(route.protocol, 0x52);
    EXPECT_EQ(route.onlink, route.type == RouteType::kUnicast);
  }
}

TEST_F(PlanTest, WhatNobodyGotIsABlackholeOnly) {
  network_.pools[0].refused = {prefix("10.1.0.0/21")};
  const Desired desired = run();
  EXPECT_THAT(
      blackholes(desired), testing::UnorderedElementsAre("10.1.0.0/21", "10.2.0.0/16", "fd02::/48")
  );
  std::vector<std::string> holes;
  for (const Route& route : desired.routing.routes)
    if (route.type == RouteType::kThrow) holes.push_back(route.destination.text());
  EXPECT_THAT(holes, ElementsAre("10.1.1.0/24", "10.1.2.0/24", "10.1.5.0/24"))
      << "what the own nodes use";
  EXPECT_THAT(unicast(desired), SizeIs(2));
}

TEST_F(PlanTest, RuleOfEachFamilyHasNoMark) {
  const netlink::Rule v4{.priority = 100, .table = 9027, .protocol = 0x52};
  netlink::Rule v6 = v4;
  v6.family = IpFamily::kV6;
  EXPECT_THAT(run().routing.rules, testing::UnorderedElementsAre(v4, v6));
}

TEST_F(PlanTest, NoRuleForAFamilyWithoutPrefixes) {
  network_.pools[0].prefixes = {prefix("10.2.0.0/16")};
  EXPECT_THAT(
      run().routing.rules,
      ElementsAre(netlink::Rule{.priority = 100, .table = 9027, .protocol = 0x52})
  );
}

TEST_F(PlanTest, OtherGatewayChangesOnlyTheNextHops) {
  const Desired first = run();
  gateway_ = "edge-gw2";
  const Desired second = run();
  EXPECT_EQ(first.neighbours, second.neighbours);
  EXPECT_EQ(first.forwarding, second.forwarding);
  EXPECT_EQ(blackholes(first), blackholes(second));
  EXPECT_EQ(unicast(second)[0].gateway, ip("240.168.7.2"));
  EXPECT_EQ(unicast(first)[0].key(), unicast(second)[0].key());
}

TEST_F(PlanTest, DirectGoesToTheLanAddressWithoutADevice) {
  options_.encapsulation = Encapsulation::kDirect;
  network_.pools[0].prefixes = {prefix("10.2.0.0/16")};
  const Desired desired = run();
  EXPECT_FALSE(desired.overlay);
  EXPECT_THAT(desired.neighbours, IsEmpty());
  ASSERT_THAT(unicast(desired), SizeIs(1));
  EXPECT_EQ(
      unicast(desired)[0].text(), "10.2.0.0/16 via 192.168.7.1 dev 3 table 9027 metric 10 mtu 1412"
  );
  EXPECT_FALSE(unicast(desired)[0].onlink);
}

TEST_F(PlanTest, DirectSendsTheOtherFamilyToTheSameMac) {
  options_.encapsulation = Encapsulation::kDirect;
  facts_.neighbours = {{.link = 3, .address = ip("192.168.7.1"), .mac = kMac}};
  const Desired desired = run();
  EXPECT_THAT(desired.problems, IsEmpty());
  ASSERT_THAT(unicast(desired), SizeIs(2));
  EXPECT_EQ(unicast(desired)[1].gateway, ip("fe80::f0a8:701"));
  EXPECT_EQ(unicast(desired)[1].link, 3u);
  ASSERT_THAT(desired.neighbours, SizeIs(1)) << "only of the gateway whose MAC address is known";
  EXPECT_EQ(desired.neighbours[0].address, ip("fe80::f0a8:701"));
  EXPECT_EQ(desired.neighbours[0].link, 3u);
  EXPECT_EQ(desired.neighbours[0].mac, kMac);
  EXPECT_EQ(desired.gateway_macs.at(ip("192.168.7.1")), kMac);
  EXPECT_TRUE(desired.gateway_macs.at(ip("192.168.7.2")).is_zero());
}

TEST_F(PlanTest, DirectKeepsTheOtherFamilyBlackholedUntilTheMacIsKnown) {
  options_.encapsulation = Encapsulation::kDirect;
  facts_.neighbours = {{.link = 3, .address = ip("192.168.7.1"), .mac = {}}};  // being asked for
  const Desired desired = run();
  EXPECT_THAT(unicast(desired), SizeIs(1));
  EXPECT_THAT(blackholes(desired), Contains("fd02::/48"));
  EXPECT_THAT(desired.problems, ElementsAre(HasSubstr("fd02::/48")));
}

TEST_F(PlanTest, DirectKeepsTheLastMacWhileTheGatewayIsAskedAgain) {
  options_.encapsulation = Encapsulation::kDirect;
  facts_.neighbours = {
      {.link = 3, .address = ip("192.168.7.1"), .mac = {}},
      {.link = 3, .address = ip("fe80::f0a8:701"), .mac = kMac}};
  EXPECT_THAT(unicast(run()), SizeIs(2));
  EXPECT_EQ(run().neighbours[0].mac, kMac);
}

TEST_F(PlanTest, DirectCarriesIpv4OverAnIpv6Lan) {
  options_.encapsulation = Encapsulation::kDirect;
  network_.pools[1].members[2].private_address = ip("fd07::5");
  network_.pools[1].gateways[0].private_address = ip("fd07::1");
  facts_.neighbours = {{.link = 3, .address = ip("fd07::1"), .mac = kMac}};
  const Desired desired = run();
  ASSERT_THAT(unicast(desired), SizeIs(2));
  EXPECT_EQ(unicast(desired)[0].gateway, ip("240.0.0.1"));
  EXPECT_TRUE(unicast(desired)[0].onlink);
  EXPECT_EQ(unicast(desired)[1].gateway, ip("fd07::1"));
}

struct MtuCase {
  const char* name;
  uint32_t lan, wan, overhead;
  Encapsulation encapsulation;
  uint32_t expected;
};

class MtuTest : public PlanTest, public testing::WithParamInterface<MtuCase> {};

TEST_P(MtuTest, RouteMtuIsTheSmallestOfTheWay) {
  facts_.lan_mtu = GetParam().lan;
  options_.wan_mtu = GetParam().wan;
  options_.tunnel_overhead = GetParam().overhead;
  options_.encapsulation = GetParam().encapsulation;
  EXPECT_EQ(unicast(run())[0].mtu, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Paths, MtuTest,
    testing::Values(
        MtuCase{"Same", 1500, 0, 88, Encapsulation::kVxlan, 1412},
        MtuCase{"VxlanIsNarrower", 1500, 0, 40, Encapsulation::kVxlan, 1450},
        MtuCase{"JumboLan", 9000, 1500, 88, Encapsulation::kVxlan, 1412},
        MtuCase{"NarrowLan", 1400, 1500, 88, Encapsulation::kVxlan, 1350},
        MtuCase{"Direct", 1500, 0, 40, Encapsulation::kDirect, 1460},
        MtuCase{"DirectPppoe", 1500, 1492, 88, Encapsulation::kDirect, 1404}
    ),
    [](const auto& test) { return test.param.name; }
);

TEST_F(PlanTest, Ipv6LanLeavesRoomForTheLongerOuterHeader) {
  network_.pools[1].members[2].private_address = ip("fd07::5");
  network_.pools[1].gateways[0].private_address = ip("fd07::1");
  EXPECT_EQ(run().overlay->mtu, 1430u);
}

TEST_F(PlanTest, SourceIsAnAddressOfTheOwnPodPrefixWhenThereIsOne) {
  EXPECT_FALSE(unicast(run())[0].preferred_source);
  facts_.addresses.push_back(ip("10.1.5.1"));
  facts_.addresses.push_back(ip("fd01:5::1"));
  EXPECT_EQ(unicast(run())[0].preferred_source, ip("10.1.5.1"));
  EXPECT_EQ(unicast(run())[1].preferred_source, ip("fd01:5::1"));
}

TEST_F(PlanTest, MasqueradeFindsTheSameSourceOnRaven0) {
  EXPECT_THAT(run().addresses, SizeIs(1));
  facts_.addresses.push_back(ip("10.1.5.1"));
  ASSERT_THAT(run().addresses, SizeIs(2));
  EXPECT_EQ(resolve(run(), 9).addresses[1].text(), "10.1.5.1/32 dev 9");
  EXPECT_EQ(run().addresses[1].scope, netlink::AddressScope::kGlobal);
}

TEST_F(PlanTest, NothingWithoutAPool) {
  network_.role = model::Role::kNone;
  network_.own.reset();
  expect_nothing();
}

TEST_F(PlanTest, NothingOnAGatewayBox) {
  network_.role = model::Role::kGateway;
  expect_nothing();
}

TEST_F(PlanTest, NothingWhenTheOwnSiteHasTunnelsOff) {
  network_.pools[1].tunnels_enabled = false;
  expect_nothing();
}

TEST_F(PlanTest, NothingWithoutOtherSites) {
  network_.pools.erase(network_.pools.begin());
  network_.own = 0;
  expect_nothing();
}

TEST_F(PlanTest, BlackholesStayWithoutAGatewayOfOurOwn) {
  network_.pools[1].gateways.clear();
  gateway_.reset();
  expect_only_blackholes();
  EXPECT_THAT(run().problems, ElementsAre(HasSubstr("no gateway")));
}

TEST_F(PlanTest, BlackholesStayWhenTheChosenGatewayHasNoAddress) {
  network_.pools[1].gateways[0].private_address.reset();
  expect_only_blackholes();
}

TEST_F(PlanTest, BlackholesStayWhenTheOtherSiteHasNoGateway) {
  network_.pools[0].gateways.clear();
  expect_only_blackholes();
}

TEST_F(PlanTest, BlackholesStayWhenOurAddressIsOnNoInterface) {
  facts_.lan_link = 0;
  expect_only_blackholes();
  EXPECT_THAT(run().problems, ElementsAre(HasSubstr("edge-node")));
}

TEST_F(PlanTest, GatewaysThatCollideInTheirLastThreeBytesAreReported) {
  network_.pools[1].gateways[1].private_address = ip("10.168.7.1");
  const Desired desired = run();
  EXPECT_THAT(desired.forwarding, SizeIs(1));
  EXPECT_THAT(desired.problems, ElementsAre(HasSubstr("240.168.7.1")));
}

TEST_F(PlanTest, SameInputGivesTheSamePlan) {
  const Desired first = run(), second = run();
  EXPECT_EQ(first.routing.routes, second.routing.routes);
  EXPECT_EQ(first.neighbours, second.neighbours);
}

}  // namespace
}  // namespace raven::agent_lite
