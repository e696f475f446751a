// Monitor against the real kernel.
// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/monitor.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "common/netlink/kernel.h"
#include "common/netlink/reconcile.h"
#include "common/wire/raven.h"
#include "tests/unit/common/netlink/namespace.h"

namespace raven::netlink {
namespace {

class MonitorTest : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (!IsSkipped()) monitor_ = std::make_unique<Monitor>(Monitor::open().value());
  }
  Route blackhole(uint32_t number) {
    Route route;
    route.destination = IpPrefix::masked(IpAddress::v4(0x0a000000 + (number << 8)), 24);
    route.type = RouteType::kBlackhole;
    route.table = kRavenTable;
    route.protocol = kRavenProtocol;
    return route;
  }
  std::unique_ptr<Monitor> monitor_;
};

TEST_F(MonitorTest, SilentWhenNothingHappens) {
  pollfd poll{monitor_->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&poll, 1, 0), 0);
  const Events events = monitor_->drain().value();
  EXPECT_TRUE(events.events.empty());
  EXPECT_FALSE(events.resync_needed);
}

TEST_F(MonitorTest, TellsEachKindOfChange) {
  shell(
      "ip link add lan type veth peer name other && ip link set lan up && ip link set other up"
      " && ip address add 10.9.0.1/24 dev lan && ip route add 10.8.0.0/16 via 10.9.0.2"
      " && ip rule add priority 77 lookup 55"
      " && ip neighbour add 10.9.0.3 lladdr 02:00:00:00:00:01 dev lan"
      " && ip link delete lan"
  );
  const Events events = monitor_->drain().value();
  EXPECT_FALSE(events.resync_needed);
  const auto any = [&](auto matches) { return std::ranges::any_of(events.events, matches); };
  EXPECT_TRUE(any([](const Event& event) {
    const auto* link = std::get_if<Link>(&event.object);
    return event.removed && link != nullptr && link->name == "lan";
  }));
  EXPECT_TRUE(any([](const Event& event) {
    const auto* address = std::get_if<Address>(&event.object);
    return address != nullptr && address->address.text() == "10.9.0.1";
  }));
  EXPECT_TRUE(any([](const Event& event) {
    const auto* route = std::get_if<Route>(&event.object);
    return route != nullptr && route->destination.text() == "10.8.0.0/16";
  }));
  EXPECT_TRUE(any([](const Event& event) {
    const auto* rule = std::get_if<Rule>(&event.object);
    return rule != nullptr && rule->priority == 77;
  }));
  EXPECT_TRUE(any([](const Event& event) {
    const auto* neighbour = std::get_if<Neighbour>(&event.object);
    return neighbour != nullptr && neighbour->address.text() == "10.9.0.3";
  }));
}

TEST_F(MonitorTest, OverrunAsksForAResync) {
  const int small = 2048;
  ASSERT_EQ(::setsockopt(monitor_->fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  Kernel kernel = Kernel::open().value();
  for (uint32_t i = 0; i < 200; ++i) ASSERT_TRUE(kernel.put(blackhole(i)).ok());
  EXPECT_TRUE(monitor_->drain().value().resync_needed);
  // And it goes on afterwards.
  ASSERT_TRUE(kernel.put(blackhole(1000)).ok());
  const Events events = monitor_->drain().value();
  EXPECT_FALSE(events.resync_needed);
  ASSERT_EQ(events.events.size(), 1u);
  EXPECT_EQ(std::get<Route>(events.events[0].object), blackhole(1000));
}

TEST_F(MonitorTest, OnlyWhatIsOfInterestArrives) {
  auto rules_only = Monitor::open(
      {.links = false, .addresses = false, .routes = false, .rules = true, .neighbours = false}
  );
  ASSERT_TRUE(rules_only.ok());
  shell("ip link add lan type veth peer name other && ip rule add priority 77 lookup 55");
  const Events events = rules_only->drain().value();
  ASSERT_EQ(events.events.size(), 1u);
  EXPECT_EQ(std::get<Rule>(events.events[0].object).priority, 77u);
}

}  // namespace
}  // namespace raven::netlink
