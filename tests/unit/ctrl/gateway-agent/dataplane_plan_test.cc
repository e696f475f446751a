// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/dataplane_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/model/names.h"
#include "tests/unit/ctrl/gateway-agent/network_fixture.h"

namespace raven::gateway_agent {
namespace {

using dpapi::v1::DesiredState;
using dpapi::v1::LocalNode;
using testing::ElementsAre;
using testing::IsEmpty;

DesiredState state_of(
    const std::vector<Site>& sites, const std::string& self,
    site::Encapsulation encapsulation = site::Encapsulation::kVxlan
) {
  std::vector<PlanProblem> problems;
  const model::Network network = network_of(sites, self);
  const std::vector<Peer> peers = find_peers(network, problems);
  return plan_dataplane(network, model::remember_prefixes({}, network), peers, encapsulation);
}

TEST(DataplanePlan, HasOwnPrefixesAndTheOverlayAddressOfRaven) {
  const DesiredState state = state_of(three_sites(), "c1");
  EXPECT_EQ(state.node_name(), "c1");
  EXPECT_EQ(state.pool(), "cloud");
  EXPECT_THAT(state.own_prefixes(), ElementsAre("10.244.1.0/24", "fd00:1::/64"));
  EXPECT_EQ(state.overlay_address(), "240.0.0.1");
}

TEST(DataplanePlan, HasTheOtherNodesOfTheSiteGatewayBoxesIncluded) {
  const DesiredState state = state_of(three_sites(), "c1");
  ASSERT_EQ(state.local_nodes_size(), 2);
  EXPECT_EQ(state.local_nodes(0).name(), "c2");
  EXPECT_EQ(state.local_nodes(1).name(), "c3");
  EXPECT_EQ(state.local_nodes(1).address(), "10.0.0.3");
  EXPECT_THAT(state.local_nodes(1).prefixes(), ElementsAre("10.244.3.0/24"));
  EXPECT_EQ(state.local_nodes(1).encapsulation(), LocalNode::VXLAN);
  EXPECT_TRUE(state.local_nodes(0).gateway());
  EXPECT_FALSE(state.local_nodes(1).gateway());
}

TEST(DataplanePlan, DirectIsForPlainNodesOnly) {
  const DesiredState direct = state_of(three_sites(), "c1", site::Encapsulation::kDirect);
  EXPECT_EQ(direct.local_nodes(0).name(), "c2") << "a gateway box";
  EXPECT_EQ(direct.local_nodes(0).encapsulation(), LocalNode::VXLAN);
  EXPECT_EQ(direct.local_nodes(1).name(), "c3");
  EXPECT_EQ(direct.local_nodes(1).encapsulation(), LocalNode::DIRECT);
}

TEST(DataplanePlan, PrefersTheActiveGatewayThenTheOrderOfTheList) {
  const DesiredState state = state_of(three_sites(), "e1");
  ASSERT_EQ(state.remote_pools_size(), 2);
  EXPECT_EQ(state.remote_pools(0).name(), "cloud");
  EXPECT_THAT(state.remote_pools(0).gateways(), ElementsAre("c1", "c2"));
  EXPECT_THAT(
      state.remote_pools(0).prefixes(),
      ElementsAre("10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24", "fd00:1::/64")
  );
}

TEST(DataplanePlan, NamesEachPeerWithItsTunnelId) {
  const DesiredState state = state_of(three_sites(), "e1");
  ASSERT_EQ(state.peers_size(), 3);
  EXPECT_EQ(state.peers(0).name(), "c1");
  EXPECT_EQ(state.peers(0).tunnel_id(), model::tunnel_id("c1"));
  EXPECT_EQ(state.peers(0).pool(), "cloud");
}

TEST(DataplanePlan, KeepsThePrefixesOfASiteThatCannotBeReached) {
  // They are dropped there with a reason, instead of going anywhere else.
  auto sites = three_sites();
  sites[1].gateway.endpoints[0].under_nat = true;
  const DesiredState state = state_of(sites, "f1");
  ASSERT_EQ(state.remote_pools_size(), 2);
  EXPECT_EQ(state.remote_pools(1).name(), "edge");
  EXPECT_THAT(state.remote_pools(1).gateways(), IsEmpty());
  EXPECT_THAT(state.remote_pools(1).prefixes(), ElementsAre("10.245.1.0/24"));
}

TEST(DataplanePlan, KeepsThePrefixesOfASiteWithoutGateways) {
  auto sites = three_sites();
  sites[1].gateway.endpoints.clear();
  const DesiredState state = state_of(sites, "c1");
  ASSERT_EQ(state.remote_pools_size(), 2);
  EXPECT_EQ(state.remote_pools(0).name(), "edge");
  EXPECT_THAT(state.remote_pools(0).gateways(), IsEmpty());
  EXPECT_THAT(state.remote_pools(0).prefixes(), ElementsAre("10.245.1.0/24"));
}

TEST(DataplanePlan, KeepsThePrefixesOfASiteWhoseStatusIsEmpty) {
  auto sites = three_sites();
  const model::RemotePrefixes before = model::remember_prefixes({}, network_of(sites, "c1"));
  sites[1].gateway.nodes.clear();
  const model::Network network = network_of(sites, "c1");
  const DesiredState state = plan_dataplane(
      network, model::remember_prefixes(before, network), {}, site::Encapsulation::kVxlan
  );
  ASSERT_EQ(state.remote_pools_size(), 2);
  EXPECT_THAT(state.remote_pools(0).prefixes(), ElementsAre("10.245.1.0/24"));
}

TEST(DataplanePlan, RoutesAnOverlappingPrefixForTheOlderSiteOnly) {
  auto sites = three_sites();
  sites[2].gateway.creation_timestamp = "2026-06-01T00:00:00Z";
  sites[2].node("f2", "10.2.0.2", {"10.245.1.0/24"});
  const DesiredState state = state_of(sites, "c1");
  EXPECT_THAT(state.remote_pools(0).prefixes(), ElementsAre("10.245.1.0/24"));
  EXPECT_THAT(state.remote_pools(1).prefixes(), ElementsAre("10.246.1.0/24", "fd00:3::/64"));
}

TEST(DataplanePlan, NamesPrefixesToDropThatNobodyGot) {
  auto sites = three_sites();
  sites[2].gateway.annotations[std::string{model::kRefusedSubnetsAnnotation}] = "10.244.0.0/22";
  EXPECT_THAT(state_of(sites, "c1").blocked().prefixes(), ElementsAre("10.244.0.0/22"));
  EXPECT_THAT(
      state_of(sites, "c1").blocked().holes(),
      ElementsAre("10.244.1.0/24", "10.244.2.0/24", "10.244.3.0/24")
  );
  EXPECT_THAT(state_of(sites, "e1").blocked().prefixes(), ElementsAre("10.244.0.0/22"));
  EXPECT_THAT(state_of(sites, "c3").blocked().prefixes(), IsEmpty()) << "a plain node";
}

TEST(DataplanePlan, IsWithoutRemotePoolsOnAPlainNodeAndEmptyForAStranger) {
  const DesiredState plain = state_of(three_sites(), "c3");
  EXPECT_THAT(plain.remote_pools(), IsEmpty());
  EXPECT_THAT(plain.peers(), IsEmpty());
  const DesiredState stranger = state_of(three_sites(), "unknown");
  EXPECT_EQ(stranger.pool(), "");
  EXPECT_THAT(stranger.local_nodes(), IsEmpty());
}

TEST(DataplanePlan, IsTheSameForTheSameNetwork) {
  EXPECT_EQ(
      state_of(three_sites(), "c1").SerializeAsString(),
      state_of(three_sites(), "c1").SerializeAsString()
  );
}

}  // namespace
}  // namespace raven::gateway_agent
