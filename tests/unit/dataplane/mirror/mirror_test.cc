// The mirror against a real kernel: resolution, changes, gateways, loss of the route.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/mirror/mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dataplane/mirror/net_space.h"

namespace raven::dataplane {
namespace {

IpAddress address(const char* text) {
  return IpAddress::parse(text).value();
}

class FakeSlots : public AdjacencySlots {
 public:
  Result<AdjacencyIndex> take() override {
    if (used.size() == 4) return Error{ErrorCode::kExhausted, "full"};
    uint16_t index = 0;
    while (used.contains(AdjacencyIndex{index})) ++index;
    used[AdjacencyIndex{index}] = {};
    return AdjacencyIndex{index};
  }
  void give_back(AdjacencyIndex index) override { used.erase(index); }
  void write(AdjacencyIndex index, const NextHop& hop) override { used[index] = hop; }
  bool take_wanted(AdjacencyIndex) override { return false; }
  std::map<AdjacencyIndex, NextHop> used;
};

class MirrorTest : public testing::Test {
 protected:
  MirrorTest() {
    mirror = Mirror::start(loop, {{PortIndex{3}, "near0", 0, 1500}}, slots).value();
    mirror->on_change([this] { ++changes; });
  }
  // Runs the loop until the condition holds; fails after some seconds.
  void run_until(const std::function<bool()>& condition, const char* what) {
    const event::TimerId poll = loop.call_every(std::chrono::milliseconds{10}, [&] {
      if (condition()) loop.stop();
    });
    bool late = false;
    const event::TimerId patience = loop.call_after(std::chrono::seconds{20}, [&] {
      late = true;
      loop.stop();
    });
    loop.run();
    loop.cancel(poll);
    loop.cancel(patience);
    EXPECT_FALSE(late) << what;
  }
  std::string mac_in_slot(AdjacencyIndex index) {
    const auto& mac = slots.used.at(index).mac;
    return mac ? mac->text() : "";
  }

  NetSpace net;
  event::Loop loop;
  FakeSlots slots;
  int changes = 0;
  std::unique_ptr<Mirror> mirror;
};

TEST_F(MirrorTest, ResolvesANeighbourThatNobodyAskedForBefore) {
  net.there("ip link set far0 address 02:00:00:00:00:42");
  const AdjacencyIndex index = mirror->want(address("192.0.2.2")).value();
  run_until([&] { return slots.used.at(index).usable(); }, "resolved");
  EXPECT_EQ(mac_in_slot(index), "02:00:00:00:00:42");
  EXPECT_EQ(slots.used.at(index).port, PortIndex{3});
  EXPECT_EQ(slots.used.at(index).source, address("192.0.2.1"));
  EXPECT_GT(changes, 0);
}

TEST_F(MirrorTest, FollowsANeighbourThatChangesItsMac) {
  const AdjacencyIndex index = mirror->want(address("192.0.2.2")).value();
  run_until([&] { return slots.used.at(index).usable(); }, "resolved");
  net.here("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:77 dev near0 nud reachable");
  run_until([&] { return mac_in_slot(index) == "02:00:00:00:00:77"; }, "followed");
}

TEST_F(MirrorTest, GoesByTheGatewayOfTheKernelsRouteAndNoticesWhenItGoes) {
  net.here("ip route add 198.51.100.0/24 via 192.0.2.2");
  const AdjacencyIndex index = mirror->want(address("198.51.100.5")).value();
  run_until([&] { return slots.used.at(index).usable(); }, "resolved");
  EXPECT_EQ(slots.used.at(index).address, address("192.0.2.2"));
  net.here("ip route del 198.51.100.0/24");
  run_until([&] { return !slots.used.at(index).usable(); }, "withdrawn");
  net.here("ip route add 198.51.100.0/24 via 192.0.2.2");
  run_until([&] { return slots.used.at(index).usable(); }, "back");
}

TEST_F(MirrorTest, KeepsTheSlotOfADestinationAndGivesBackThoseNotWanted) {
  const AdjacencyIndex first = mirror->want(address("192.0.2.2")).value();
  EXPECT_EQ(mirror->want(address("192.0.2.2")).value(), first);
  ASSERT_TRUE(mirror->want(address("192.0.2.3")).ok());
  ASSERT_TRUE(mirror->want(address("192.0.2.4")).ok());
  ASSERT_TRUE(mirror->want(address("192.0.2.5")).ok());
  EXPECT_EQ(mirror->want(address("192.0.2.6")).error().code, ErrorCode::kExhausted);
  mirror->keep_only({address("192.0.2.2")});
  EXPECT_EQ(slots.used.size(), 1u);
  EXPECT_NE(mirror->next_hop(address("192.0.2.2")), nullptr);
  EXPECT_EQ(mirror->next_hop(address("192.0.2.3")), nullptr);
}

TEST_F(MirrorTest, TellsTheAddressesOfAPortAndTheirChanges) {
  EXPECT_THAT(mirror->addresses_of(PortIndex{3}), testing::Contains("192.0.2.1"));
  net.here("ip addr add 192.0.2.99/32 dev near0");
  const auto has_new = [&] {
    const auto texts = mirror->addresses_of(PortIndex{3});
    return std::find(texts.begin(), texts.end(), "192.0.2.99") != texts.end();
  };
  run_until(has_new, "the new address");
}

TEST_F(MirrorTest, FindsAPortThatIsMadeLater) {
  net.here("ip link del near0");
  const AdjacencyIndex index = mirror->want(address("192.0.2.2")).value();
  run_until(
      [&] { return slots.used.at(index).problem.find("route") != std::string::npos; }, "gone"
  );
  net.here("ip link add near0 type veth peer name other0 && ip addr add 192.0.2.1/24 dev near0");
  net.here("ip link set near0 up");
  run_until([&] { return slots.used.at(index).port == PortIndex{3}; }, "found again");
}

}  // namespace
}  // namespace raven::dataplane
