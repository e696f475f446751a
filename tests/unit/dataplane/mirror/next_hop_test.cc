// From the kernel's routes and neighbours to a decision, case by case.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/mirror/next_hop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raven::dataplane {
namespace {

using testing::HasSubstr;

IpAddress address(const char* text) {
  return IpAddress::parse(text).value();
}
const MacAddress kMac = MacAddress::parse("02:00:00:00:00:99").value();
const IpAddress kPeer = address("198.51.100.7");
const IpAddress kGateway = address("192.0.2.254");
constexpr uint16_t kDelay = 0x08, kIncomplete = 0x01;

class NextHopTest : public testing::Test {
 protected:
  NextHopTest() {
    route.link = 7;
    route.gateway = kGateway;
    route.preferred_source = address("192.0.2.1");
  }
  NextHop decide() { return decide_next_hop(kPeer, route, ports, neighbours); }
  void know(const IpAddress& neighbour, uint16_t state, uint32_t link = 7, MacAddress mac = kMac) {
    neighbours.push_back({link, neighbour, mac, state});
  }

  netlink::Route route;
  std::vector<KernelPort> ports = {
      {PortIndex{0}, "lan0", 6, 1500}, {PortIndex{1}, "wan0", 7, 1500}};
  std::vector<netlink::Neighbour> neighbours;
};

TEST_F(NextHopTest, TakesTheMacOfTheGateway) {
  know(kGateway, netlink::kNeighbourReachable);
  const NextHop hop = decide();
  EXPECT_TRUE(hop.usable());
  EXPECT_EQ(hop.port, PortIndex{1});
  EXPECT_EQ(hop.mac, kMac);
  EXPECT_EQ(hop.source, address("192.0.2.1"));
  EXPECT_FALSE(hop.needs_probe);
  EXPECT_EQ(hop.problem, "");
}

TEST_F(NextHopTest, TakesTheMacOfTheDestinationOnTheSameLink) {
  route.gateway.reset();
  know(kPeer, netlink::kNeighbourReachable);
  EXPECT_TRUE(decide().usable());
  EXPECT_EQ(decide().address, kPeer);
}

TEST_F(NextHopTest, UsesAStaleNeighbourAndAsksToConfirmIt) {
  know(kGateway, netlink::kNeighbourStale);
  EXPECT_TRUE(decide().usable());
  EXPECT_TRUE(decide().needs_probe);
}

TEST_F(NextHopTest, LeavesANeighbourThatIsBeingConfirmedAlone) {
  know(kGateway, kDelay);
  EXPECT_TRUE(decide().usable());
  EXPECT_FALSE(decide().needs_probe);
}

TEST_F(NextHopTest, UsesPermanentNeighboursWithoutAsking) {
  know(kGateway, netlink::kNeighbourPermanent);
  EXPECT_TRUE(decide().usable());
  EXPECT_FALSE(decide().needs_probe);
}

TEST_F(NextHopTest, AsksForAnUnknownIncompleteOrFailedNeighbour) {
  EXPECT_TRUE(decide().needs_probe) << "unknown";
  EXPECT_THAT(decide().problem, HasSubstr("192.0.2.254 does not answer on wan0"));
  know(kGateway, kIncomplete, 7, MacAddress{});
  EXPECT_FALSE(decide().usable());
  EXPECT_TRUE(decide().needs_probe) << "incomplete";
  neighbours[0].state = netlink::kNeighbourFailed;
  neighbours[0].mac = kMac;
  EXPECT_FALSE(decide().usable()) << "the old MAC of a failed neighbour must not be used";
  EXPECT_TRUE(decide().needs_probe) << "failed";
}

TEST_F(NextHopTest, IgnoresTheSameAddressOnAnotherLink) {
  know(kGateway, netlink::kNeighbourReachable, 6);
  EXPECT_FALSE(decide().usable());
}

TEST_F(NextHopTest, RefusesARouteThatLeavesByNoPort) {
  route.link = 42;
  know(kGateway, netlink::kNeighbourReachable, 42);
  EXPECT_FALSE(decide().usable());
  EXPECT_FALSE(decide().needs_probe);
  EXPECT_THAT(decide().problem, HasSubstr("interface 42, which is no port"));
}

TEST_F(NextHopTest, RefusesRoutesThatLeadNowhere) {
  for (const auto type : {netlink::RouteType::kBlackhole, netlink::RouteType::kLocal}) {
    route.type = type;
    EXPECT_FALSE(decide().usable());
    EXPECT_NE(decide().problem, "");
  }
  const NextHop none =
      decide_next_hop(kPeer, Error{ErrorCode::kNotFound, "network unreachable"}, ports, neighbours);
  EXPECT_THAT(none.problem, HasSubstr("network unreachable"));
}

}  // namespace
}  // namespace raven::dataplane
