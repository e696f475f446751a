// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/route_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/model/names.h"
#include "ctrl/gateway-agent/plan.h"
#include "tests/unit/ctrl/gateway-agent/network_fixture.h"

namespace raven::gateway_agent {
namespace {

using netlink::Route;
using netlink::RouteType;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint32_t kLink = 7;

netlink::Routing routing_of(const model::Network& network, const KernelFacts& facts) {
  return plan_routes(network, model::remember_prefixes({}, network), facts, 1380);
}

std::vector<Route> of_type(const netlink::Routing& routing, RouteType type) {
  std::vector<Route> found;
  std::ranges::copy_if(routing.routes, std::back_inserter(found), [&](const Route& route) {
    return route.type == type;
  });
  return found;
}

TEST(RoutePlan, HasARouteAndABlackholeForEachRemotePrefix) {
  const auto routing = routing_of(network_of(three_sites(), "c1"), {.raven_link = kLink});
  const auto tunnels = of_type(routing, RouteType::kUnicast);
  const auto blackholes = of_type(routing, RouteType::kBlackhole);
  ASSERT_THAT(tunnels, SizeIs(3));  // 10.245.1.0/24, 10.246.1.0/24, fd00:3::/64
  ASSERT_THAT(blackholes, SizeIs(3));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(tunnels[i].destination, blackholes[i].destination);
    EXPECT_LT(tunnels[i].metric, blackholes[i].metric);
    EXPECT_EQ(tunnels[i].table, 9027u);
    EXPECT_EQ(tunnels[i].protocol, 0x52);
    EXPECT_EQ(tunnels[i].link, kLink);
    EXPECT_EQ(tunnels[i].mtu, 1380u);
  }
}

TEST(RoutePlan, PutsTheBlackholesInFirst) {
  const auto routing = routing_of(network_of(three_sites(), "c1"), {.raven_link = kLink});
  EXPECT_TRUE(std::ranges::is_partitioned(routing.routes, [](const Route& route) {
    return route.type == RouteType::kBlackhole;
  }));
}

TEST(RoutePlan, LeavesTheBlackholesAloneWhenTheDataplaneIsAway) {
  const auto routing = routing_of(network_of(three_sites(), "c1"), {.raven_link = 0});
  EXPECT_THAT(of_type(routing, RouteType::kUnicast), IsEmpty());
  EXPECT_THAT(of_type(routing, RouteType::kBlackhole), SizeIs(3));
  EXPECT_THAT(routing.rules, SizeIs(2));
}

TEST(RoutePlan, AsksTheTableForEveryPacketOfBothFamilies) {
  const auto routing = routing_of(network_of(three_sites(), "c1"), {});
  ASSERT_THAT(routing.rules, SizeIs(2));
  for (const netlink::Rule& rule : routing.rules) {
    EXPECT_EQ(rule.priority, 100u);
    EXPECT_EQ(rule.table, 9027u);
    EXPECT_EQ(rule.mark_mask, 0u);
  }
}

TEST(RoutePlan, SendsFromAnAddressThatTheOtherSiteAccepts) {
  const KernelFacts facts{
      .raven_link = kLink,
      .addresses = {
          *IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.244.1.1"),
          *IpAddress::parse("fd00:1::1")}};
  const auto routing = routing_of(network_of(three_sites(), "c1"), facts);
  for (const Route& route : of_type(routing, RouteType::kUnicast)) {
    const bool v4 = route.destination.family() == IpFamily::kV4;
    EXPECT_EQ(route.preferred_source, *IpAddress::parse(v4 ? "10.244.1.1" : "fd00:1::1"));
  }
}

TEST(RoutePlan, IsNoneOfOurBusinessOnANodeThatIsNoGateway) {
  EXPECT_FALSE(plan(network_of(three_sites(), "c3"), {}, {}).routes.has_value());
  EXPECT_FALSE(plan(network_of(three_sites(), "unknown"), {}, {}).routes.has_value());
  EXPECT_TRUE(plan(network_of(three_sites(), "c2"), {}, {}).routes.has_value());
}

TEST(RoutePlan, GuardsTheClustersPodNetworksButNotTheOwnSites) {
  Settings settings;
  settings.cluster_cidrs = {*IpPrefix::parse("10.244.0.0/21")};
  const auto guarded = plan(network_of(three_sites(), "c1"), {}, settings).guarded;
  ASSERT_TRUE(guarded);
  EXPECT_THAT(
      *guarded,
      testing::ElementsAre(*IpPrefix::parse("10.244.0.0/24"), *IpPrefix::parse("10.244.4.0/22"))
  );
  EXPECT_FALSE(plan(network_of(three_sites(), "c3"), {}, settings).guarded);
  settings.routes.enabled = false;
  EXPECT_FALSE(plan(network_of(three_sites(), "c1"), {}, settings).guarded);
}

TEST(RoutePlan, IsEmptyWithoutOtherSites) {
  const auto routing = routing_of(network_of({three_sites()[0]}, "c1"), {.raven_link = kLink});
  EXPECT_THAT(routing.routes, IsEmpty());
  EXPECT_THAT(routing.rules, IsEmpty());
}

TEST(RoutePlan, IsOnlyABlackholeForWhatNobodyGot) {
  auto sites = three_sites();
  sites[2].gateway.annotations[std::string{model::kRefusedSubnetsAnnotation}] = "10.244.0.0/22";
  const auto routing = routing_of(network_of(sites, "c1"), {.raven_link = kLink});
  EXPECT_THAT(of_type(routing, RouteType::kUnicast), SizeIs(3));
  const auto blackholes = of_type(routing, RouteType::kBlackhole);
  EXPECT_THAT(blackholes, SizeIs(4));
  EXPECT_EQ(blackholes.front().destination, *IpPrefix::parse("10.244.0.0/22"));
  const auto holes = of_type(routing, RouteType::kThrow);
  ASSERT_THAT(holes, SizeIs(3)) << "the local pool's part of it";
  EXPECT_EQ(holes.front().destination, *IpPrefix::parse("10.244.1.0/24"));
}

TEST(RoutePlan, StaysWhenTheOtherSitesHaveNoGateway) {
  auto sites = three_sites();
  const auto before = routing_of(network_of(sites, "c1"), {.raven_link = kLink});
  sites[1].gateway.endpoints.clear();
  sites[2].gateway.endpoints.clear();
  const auto now = routing_of(network_of(sites, "c1"), {.raven_link = kLink});
  EXPECT_EQ(now.routes, before.routes);
  EXPECT_EQ(now.rules, before.rules);
}

}  // namespace
}  // namespace raven::gateway_agent
