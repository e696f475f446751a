// plan(): which nodes, subnets and endpoints every Gateway gets, and what is said about the rest.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/ctrl/controller/world_builder.h"

namespace raven::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Condition find(const Desired& desired, const std::string& type) {
  const auto found = std::ranges::find(desired.conditions, type, &Condition::type);
  return found == desired.conditions.end() ? Condition{} : *found;
}

class PlanTest : public ::testing::Test, public WorldBuilder {
 protected:
  Desired desired(const std::string& gateway) { return plan_now().at(gateway); }
  std::vector<std::string> subnets(const std::string& gateway, std::size_t node = 0) {
    return desired(gateway).nodes.at(node).subnets;
  }
};

TEST_F(PlanTest, ListsAllNodesOfThePoolSortedByName) {
  gateway("edge");
  node("edge", "n2", "10.0.0.2", {"10.244.2.0/24"});
  node("edge", "n1", "10.0.0.1", {"10.244.1.0/24"}).ready = false;
  node("other", "n3", "10.0.0.3", {"10.244.3.0/24"});
  const Desired edge = desired("edge");
  ASSERT_EQ(edge.nodes.size(), 2u);
  EXPECT_EQ(edge.nodes[0], (model::GatewayNode{"n1", "10.0.0.1", {"10.244.1.0/24"}}));
  EXPECT_EQ(edge.nodes[1], (model::GatewayNode{"n2", "10.0.0.2", {"10.244.2.0/24"}}));
}

TEST_F(PlanTest, TakesPodNetworksOfBothFamilies) {
  gateway("edge");
  node("edge", "n1", "10.0.0.1", {"10.244.1.0/24", "fd00:10:244:1::/64"});
  EXPECT_THAT(subnets("edge"), ElementsAre("10.244.1.0/24", "fd00:10:244:1::/64"));
}

TEST_F(PlanTest, ANodeWithoutPodNetworksHasNone) {
  gateway("edge");
  node("edge", "n1", "10.0.0.1", {});
  EXPECT_THAT(subnets("edge"), IsEmpty());
  EXPECT_TRUE(find(desired("edge"), "SubnetsRouted").ok);
}

TEST_F(PlanTest, TakesConfirmedCalicoBlocksInsteadOfPodCidrs) {
  gateway("edge");
  node("edge", "n1", "10.0.0.1", {"10.244.1.0/24"}).annotations["projectcalico.org/IPv4Address"] =
      "10.0.0.1/24";
  block("n1", "10.9.2.0/26");
  block("n1", "10.9.1.0/26");
  block("n1", "10.9.3.0/26", false);
  block("n2", "10.9.4.0/26");
  EXPECT_THAT(subnets("edge"), ElementsAre("10.9.1.0/26", "10.9.2.0/26"));
}

TEST_F(PlanTest, ACalicoNodeKeepsItsSubnetsWhileNoBlockIsKnownAtAll) {
  gateway("edge").nodes = {{"n1", "10.0.0.1", {"10.9.1.0/26"}}};
  node("edge", "n1", "10.0.0.1", {"10.244.1.0/24"}).annotations["projectcalico.org/IPv4Address"] =
      "10.0.0.1/24";
  EXPECT_THAT(subnets("edge"), ElementsAre("10.9.1.0/26"));
  EXPECT_THAT(find(desired("edge"), "SubnetsRouted").message, HasSubstr("BlockAffinity"));
}

TEST_F(PlanTest, SkipsAndReportsASubnetThatDoesNotParse) {
  gateway("edge");
  node("edge", "n1", "10.0.0.1", {"10.244.1.0/33", "10.244.2.0/24", "10.244.3.1/24"});
  EXPECT_THAT(subnets("edge"), ElementsAre("10.244.2.0/24"));
  const Condition condition = find(desired("edge"), "SubnetsRouted");
  EXPECT_FALSE(condition.ok);
  EXPECT_EQ(condition.reason, "SubnetInvalid");
  EXPECT_THAT(condition.message, HasSubstr("10.244.1.0/33"));
  EXPECT_THAT(condition.message, HasSubstr("10.244.3.1/24"));
  EXPECT_EQ(desired("edge").bad_subnets, 2u);
}

TEST_F(PlanTest, NeverRoutesWhatWouldBreakTheNetwork) {
  gateway("edge");
  node(
      "edge", "n1", "10.0.0.1",
      {"0.0.0.0/0", "127.0.0.0/8", "224.0.0.0/4", "169.254.0.0/16", "::/0", "fe80::/10",
       "10.244.1.0/24"}
  );
  EXPECT_THAT(subnets("edge"), ElementsAre("10.244.1.0/24"));
  EXPECT_EQ(desired("edge").bad_subnets, 6u);
}

TEST_F(PlanTest, NeverRoutesThePublicAddressOfAGatewayBox) {
  endpoint("cloud", "gw").public_address = *IpAddress::parse("203.0.113.7");
  gateway("edge");
  node("edge", "n1", "10.0.0.1", {"203.0.113.0/24"});
  EXPECT_THAT(subnets("edge"), IsEmpty());
  EXPECT_THAT(find(desired("edge"), "SubnetsRouted").message, HasSubstr("203.0.113.7"));
}

TEST_F(PlanTest, ExtraNetworksGoToTheActiveTunnelNode) {
  gateway("edge").annotations[std::string{model::kExtraCidrsAnnotation}] =
      "192.168.7.0/24,172.30.0.0/16";
  endpoint("edge", "n2");
  node("edge", "n1", "10.0.0.1", {"10.244.1.0/24"});
  node("edge", "n2", "10.0.0.2", {"10.244.2.0/24"});
  EXPECT_THAT(subnets("edge", 0), ElementsAre("10.244.1.0/24"));
  EXPECT_THAT(subnets("edge", 1), ElementsAre("10.244.2.0/24", "192.168.7.0/24", "172.30.0.0/16"));
}

TEST_F(PlanTest, ExtraNetworksGoNowhereWithoutAnActiveTunnelNode) {
  gateway("edge").annotations[std::string{model::kExtraCidrsAnnotation}] = "192.168.7.0/24";
  node("edge", "n1", "10.0.0.1", {"10.244.1.0/24"});
  EXPECT_THAT(subnets("edge"), ElementsAre("10.244.1.0/24"));
}

TEST_F(PlanTest, TheOlderPoolKeepsASubnetThatTwoClaim) {
  gateway("young").creation_timestamp = "2026-02-02T00:00:00Z";
  gateway("aged").creation_timestamp = "2026-01-01T00:00:00Z";
  node("young", "y1", "10.0.0.1", {"10.244.0.0/16", "10.245.0.0/24"});
  node("aged", "a1", "10.1.0.1", {"10.244.7.0/24"});
  EXPECT_THAT(subnets("aged"), ElementsAre("10.244.7.0/24"));
  EXPECT_THAT(subnets("young"), ElementsAre("10.245.0.0/24"));
  const Desired young = desired("young");
  EXPECT_THAT(young.refused, ElementsAre(*IpPrefix::parse("10.244.0.0/16")));
  const Condition condition = find(young, "SubnetsRouted");
  EXPECT_EQ(condition.reason, "SubnetOverlap");
  EXPECT_THAT(condition.message, HasSubstr("10.244.0.0/16 of node y1"));
  EXPECT_THAT(condition.message, HasSubstr("10.244.7.0/24 of the older Gateway aged"));
  EXPECT_TRUE(find(desired("aged"), "SubnetsRouted").ok);
}

TEST_F(PlanTest, OfTwoPoolsOfOneAgeTheFirstNameKeepsTheSubnet) {
  gateway("b").creation_timestamp = "2026-01-01T00:00:00Z";
  gateway("a").creation_timestamp = "2026-01-01T00:00:00Z";
  node("b", "b1", "10.0.0.1", {"10.244.7.0/24"});
  node("a", "a1", "10.1.0.1", {"10.244.7.0/24"});
  EXPECT_THAT(subnets("a"), ElementsAre("10.244.7.0/24"));
  EXPECT_THAT(subnets("b"), IsEmpty());
}

TEST_F(PlanTest, SubnetsMayOverlapWithinAPool) {
  gateway("edge");
  node("edge", "n1", "10.0.0.1", {"10.244.0.0/16"});
  node("edge", "n2", "10.0.0.2", {"10.244.7.0/24"});
  EXPECT_THAT(desired("edge").refused, IsEmpty());
}

TEST_F(PlanTest, AnActiveEndpointIsACopyOfSpecWithRavensFlag) {
  endpoint("edge", "n1").public_ip = "203.0.113.1";
  gateway("edge").endpoints[0].config["mine"] = "kept";
  node("edge", "n1", "10.0.0.1", {});
  const Desired edge = desired("edge");
  ASSERT_EQ(edge.active.size(), 1u);
  EXPECT_EQ(edge.active[0].public_ip, "203.0.113.1");
  EXPECT_THAT(
      edge.active[0].config,
      ElementsAre(std::pair{"enable-l3-tunnel", "true"}, std::pair{"mine", "kept"})
  );
}

TEST_F(PlanTest, ProxyAndTunnelAreElectedApartAndSortedTogether) {
  switches().proxy = true;
  gateway("edge").proxy_replicas = 2;
  endpoint("edge", "n2");
  endpoint("edge", "n2", model::EndpointType::kProxy);
  endpoint("edge", "n1", model::EndpointType::kProxy);
  node("edge", "n1", "10.0.0.1", {});
  node("edge", "n2", "10.0.0.2", {});
  const Desired edge = desired("edge");
  ASSERT_EQ(edge.active.size(), 3u);
  EXPECT_EQ(edge.active[0].node_name, "n1");
  EXPECT_EQ(edge.active[1].type, model::EndpointType::kProxy);
  EXPECT_THAT(edge.active[1].config, ElementsAre(std::pair{"enable-l7-proxy", "true"}));
  EXPECT_EQ(edge.active[2].type, model::EndpointType::kTunnel);
}

TEST_F(PlanTest, ATypeThatIsSwitchedOffHasNoActiveEndpoint) {
  switches().tunnel = false;
  endpoint("edge", "n1");
  node("edge", "n1", "10.0.0.1", {});
  const Desired edge = desired("edge");
  EXPECT_THAT(edge.active, IsEmpty());
  EXPECT_EQ(find(edge, "TunnelElected").reason, "SwitchedOff");
}

TEST_F(PlanTest, AnAnnotationSwitchesOneGatewayOn) {
  switches().tunnel = false;
  endpoint("edge", "n1");
  gateway("edge").annotations[std::string{model::kEnableTunnelAnnotation}] = "true";
  node("edge", "n1", "10.0.0.1", {});
  EXPECT_EQ(desired("edge").active.size(), 1u);
}

TEST_F(PlanTest, AGatewayThatIsBeingDeletedDrains) {
  endpoint("edge", "n1");
  gateway("edge").deleting = true;
  node("edge", "n1", "10.0.0.1", {"10.244.1.0/24"});
  EXPECT_THAT(desired("edge").active, IsEmpty());
  EXPECT_EQ(desired("edge").nodes.size(), 1u);
}

TEST_F(PlanTest, NegativeReplicasCountAsNone) {
  endpoint("edge", "n1");
  gateway("edge").tunnel_replicas = -1;
  node("edge", "n1", "10.0.0.1", {});
  EXPECT_THAT(desired("edge").active, IsEmpty());
}

TEST_F(PlanTest, ReportsTheEntriesOfSpecThatCannotBeUsed) {
  gateway("edge").problems = {
      {"spec.endpoints[1].publicIP", "no address"}, {"status.nodes[0]", "not of spec"}};
  const Condition condition = find(desired("edge"), "SpecValid");
  EXPECT_EQ(condition.reason, "EntryIgnored");
  EXPECT_EQ(condition.message, "spec.endpoints[1].publicIP: no address");
}

TEST_F(PlanTest, SaysWhyNobodyWasElected) {
  endpoint("edge", "n1");
  endpoint("edge", "n2");
  node("edge", "n1", "10.0.0.1", {}).ready = false;
  const Condition condition = find(desired("edge"), "TunnelElected");
  EXPECT_FALSE(condition.ok);
  EXPECT_EQ(condition.reason, "NoEligibleEndpoint");
  EXPECT_EQ(condition.message, "n1: node is not Ready; n2: no such node in the pool");
}

TEST_F(PlanTest, SaysThatAPoolHasNoEndpoints) {
  gateway("edge");
  EXPECT_EQ(find(desired("edge"), "TunnelElected").reason, "NoEndpoints");
}

TEST_F(PlanTest, SaysThatAPoolIsCutOff) {
  endpoint("edge", "n1");
  gateway("edge").active_endpoints = gateway("edge").endpoints;
  node("edge", "n1", "10.0.0.1", {}).ready = false;
  const Desired edge = desired("edge");
  EXPECT_EQ(edge.active.size(), 1u);
  EXPECT_EQ(find(edge, "TunnelElected").reason, "CutOff");
}

}  // namespace
}  // namespace raven::controller
