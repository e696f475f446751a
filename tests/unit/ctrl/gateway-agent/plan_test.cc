// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/plan.h"

#include <gtest/gtest.h>

#include "tests/unit/ctrl/gateway-agent/network_fixture.h"

namespace raven::gateway_agent {
namespace {

TEST(OwnStatusWasEmptied, IsSoWhileTheGatewayOfThisBoxListsNoNodes) {
  auto sites = three_sites();
  const model::Network before = network_of(sites, "c1");
  EXPECT_FALSE(own_status_was_emptied(before, before));
  sites[0].gateway.nodes.clear();
  EXPECT_TRUE(own_status_was_emptied(before, network_of(sites, "c1")));
}

TEST(OwnStatusWasEmptied, IsNotSoForABoxThatWasInNoSite) {
  auto sites = three_sites();
  sites[0].gateway.nodes.clear();
  EXPECT_FALSE(own_status_was_emptied({}, network_of(sites, "c1")));
}

TEST(OwnStatusWasEmptied, IsNotSoWhenThisBoxLeftOrTheSiteIsGoneOrWithoutTunnels) {
  const model::Network before = network_of(three_sites(), "c1");
  auto left = three_sites();
  std::erase_if(left[0].gateway.nodes, [](const auto& node) { return node.node_name == "c1"; });
  EXPECT_FALSE(own_status_was_emptied(before, network_of(left, "c1")));
  auto closed = three_sites();
  closed[0].gateway.nodes.clear();
  closed[0].gateway.tunnel_replicas = 0;
  EXPECT_FALSE(own_status_was_emptied(before, network_of(closed, "c1")));
  auto gone = three_sites();
  gone.erase(gone.begin());
  EXPECT_FALSE(own_status_was_emptied(before, network_of(gone, "c1")));
}

}  // namespace
}  // namespace raven::gateway_agent
