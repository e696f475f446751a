// From the desired state to the tables of the packet path.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/topology.h"

#include <gtest/gtest.h>

#include "common/wire/overlay.h"

namespace raven::dataplane {
namespace {

IpAddress address(const char* text) {
  return IpAddress::parse(text).value();
}
IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

Desired make_desired() {
  Desired state;
  state.own_prefixes = {prefix("10.0.1.0/24")};
  state.overlay = address("240.168.0.1");
  state.nodes = {{"n1", address("192.168.0.9"), {prefix("10.0.2.0/24"), prefix("fd00:2::/64")}}};
  state.pools = {{"edge", {prefix("10.1.0.0/16")}, {}}, {"late", {prefix("10.2.0.0/16")}, {}}};
  state.blocked.prefixes = {prefix("10.0.0.0/8"), prefix("10.1.0.0/16")};
  return state;
}

TEST(Topology, PointsEachPrefixWhereItBelongs) {
  const auto topology =
      build_topology(make_desired(), {{"edge", PoolIndex{4}}}, {{AdjacencyIndex{5}, {}, 1500}});
  const Fib& fib = topology->fib;
  EXPECT_EQ(fib.lookup(address("10.1.2.3")), Target::remote(PoolIndex{4}));
  EXPECT_EQ(fib.lookup(address("10.0.1.3")), Target::kernel());
  EXPECT_EQ(fib.lookup(address("10.0.2.3")), Target::node(NodeIndex{0}));
  EXPECT_EQ(fib.lookup(address("fd00:2::1")), Target::node(NodeIndex{0}));
  EXPECT_EQ(fib.lookup(address("10.99.0.1")), Target::drop()) << "blocked";
  EXPECT_EQ(fib.lookup(address("10.2.0.1")), Target::drop()) << "a pool without a slot";
  EXPECT_EQ(fib.lookup(address("8.8.8.8")), Target{});
}

TEST(Topology, LeavesHolesInWhatIsBlocked) {
  Desired state = make_desired();
  state.blocked.prefixes = {prefix("10.0.0.0/8"), prefix("192.0.0.0/2")};
  state.blocked.holes = {prefix("10.0.1.0/24"), prefix("192.168.0.9/32"), prefix("224.0.0.0/3")};
  const auto topology = build_topology(state, {}, {{}});
  const Fib& fib = topology->fib;
  EXPECT_EQ(fib.lookup(address("10.0.1.3")), Target::kernel());
  EXPECT_EQ(fib.lookup(address("10.0.3.3")), Target::drop());
  EXPECT_EQ(fib.lookup(address("192.168.0.9")), Target{}) << "the node itself, on the LAN";
  EXPECT_EQ(fib.lookup(address("192.168.0.8")), Target::drop());
  EXPECT_EQ(fib.lookup(address("224.0.0.5")), Target{}) << "the kernel's";
}

TEST(Topology, ReachesANodeByItsHop) {
  const auto topology =
      build_topology(make_desired(), {}, {{AdjacencyIndex{5}, address("192.168.0.1"), 1500}});
  const Node& node = topology->nodes[NodeIndex{0}];
  EXPECT_EQ(node.adjacency, AdjacencyIndex{5});
  EXPECT_EQ(node.encapsulation, Encapsulation::kVxlan);
  EXPECT_EQ(node.mtu, 1450);
  const uint32_t raw = 0x0900a8c0;  // 192.168.0.9 as it lies on the wire
  EXPECT_EQ(topology->nodes.find_v4(&raw), PoolNode::kPlain);
  Desired state = make_desired();
  state.nodes[0].gateway = true;
  const auto other = build_topology(state, {}, {{}});
  EXPECT_EQ(other->nodes.find_v4(&raw), PoolNode::kGateway);
  const uint32_t stranger = 0x0800a8c0;
  EXPECT_EQ(topology->nodes.find_v4(&stranger), PoolNode::kStranger);
}

TEST(Topology, DerivesRavensOverlayNumbersFromTheNodeAddress) {
  EXPECT_EQ(overlay_address(address("192.168.0.9")), address("240.168.0.9"));
  EXPECT_EQ(overlay_mac(address("240.168.0.9")).text(), "aa:0f:f0:a8:00:09");
}

TEST(Box, TakesIcmpSourcesFromTheOwnPrefixesOnly) {
  const auto box = build_box(make_desired(), {address("192.168.0.1"), address("10.0.1.1")});
  const uint32_t lan = 0x0100a8c0;  // 192.168.0.1
  EXPECT_TRUE(box->owns_v4(&lan));
  ASSERT_NE(box->icmp_source_v4(), nullptr);
  EXPECT_EQ(IpAddress::v4_bytes(box->icmp_source_v4()), address("10.0.1.1"));
  EXPECT_EQ(box->icmp_source_v6(), nullptr);
  EXPECT_EQ(box->overlay_mac().text(), "aa:0f:f0:a8:00:01");
}

}  // namespace
}  // namespace raven::dataplane
