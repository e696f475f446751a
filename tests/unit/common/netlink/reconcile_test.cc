// Reading, comparing and applying routing state against the real kernel.
// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/reconcile.h"

#include <gmock/gmock.h>

#include "common/netlink/monitor.h"
#include "common/wire/raven.h"
#include "tests/unit/common/netlink/namespace.h"

namespace raven::netlink {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Tag kTag{kRavenTable, kRavenProtocol, kRavenRulePriority};

class ReconcileTest : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped()) return;
    shell(
        "ip link add lan type veth peer name other && ip link set lan up && ip link set other up"
        " && ip address add 192.168.7.5/24 dev lan"
    );
    kernel_ = std::make_unique<Kernel>(Kernel::open().value());
    lan_ = kernel_->link("lan").value()->index;
  }

  Route route(const char* destination, const char* gateway) {
    Route result;
    result.destination = IpPrefix::parse(destination).value();
    result.table = kRavenTable;
    result.protocol = kRavenProtocol;
    result.metric = 10;
    result.link = lan_;
    result.gateway = IpAddress::parse(gateway).value();
    return result;
  }

  Rule rule(IpFamily family) {
    return {
        .family = family,
        .priority = kRavenRulePriority,
        .table = kRavenTable,
        .protocol = kRavenProtocol};
  }

  std::size_t reconcile(const Routing& desired) {
    const Routing actual = read_routing(*kernel_, kTag).value();
    const RoutingOperations operations = diff(desired, actual);
    for (const Error& error : apply(*kernel_, operations)) ADD_FAILURE() << error.message;
    return operations.size();
  }

  std::unique_ptr<Kernel> kernel_;
  uint32_t lan_ = 0;
};

TEST_F(ReconcileTest, SecondRunDoesNothingAndTheKernelIsSilent) {
  const Routing desired{
      {route("10.2.0.0/16", "192.168.7.1"), route("10.3.0.0/16", "192.168.7.1")},
      {rule(IpFamily::kV4), rule(IpFamily::kV6)}};
  EXPECT_EQ(reconcile(desired), 4u);
  Monitor monitor = Monitor::open().value();
  EXPECT_EQ(reconcile(desired), 0u);
  EXPECT_THAT(monitor.drain().value().events, IsEmpty());
}

TEST_F(ReconcileTest, ForeignRoutesAndRulesAreLeftAlone) {
  shell(
      "ip route add 10.5.0.0/16 via 192.168.7.9 table 9027 proto static"
      " && ip route add 10.6.0.0/16 via 192.168.7.9 proto 82"
      " && ip rule add priority 100 lookup 55 && ip rule add priority 99 lookup 9027"
  );
  const std::string before = shell("ip rule; ip route show table main; ip route show table 9027");
  reconcile({});
  EXPECT_EQ(shell("ip rule; ip route show table main; ip route show table 9027"), before);
}

TEST_F(ReconcileTest, MarkRuleOfRavenIsReplacedByOurs) {
  shell("ip rule add fwmark 0x40 priority 100 lookup 9027");
  reconcile({{}, {rule(IpFamily::kV4)}});
  EXPECT_EQ(shell("ip rule show priority 100"), "100:\tfrom all lookup 9027 proto 82\n");
}

TEST_F(ReconcileTest, SameRuleMadeBySomebodyElseIsTakenOver) {
  shell("ip rule add priority 100 lookup 9027");
  reconcile({{}, {rule(IpFamily::kV4)}});
  EXPECT_EQ(shell("ip rule show priority 100"), "100:\tfrom all lookup 9027 proto 82\n");
}

TEST_F(ReconcileTest, ChangeOfTheGatewayIsSeenAsOneReplacement) {
  reconcile({{route("10.2.0.0/16", "192.168.7.1")}, {rule(IpFamily::kV4)}});
  Monitor monitor = Monitor::open().value();
  EXPECT_EQ(reconcile({{route("10.2.0.0/16", "192.168.7.2")}, {rule(IpFamily::kV4)}}), 1u);
  const Events events = monitor.drain().value();
  ASSERT_EQ(events.events.size(), 1u);
  EXPECT_FALSE(events.events[0].removed);
}

TEST_F(ReconcileTest, EmptyDesireRemovesAllThatIsTagged) {
  reconcile({{route("10.2.0.0/16", "192.168.7.1")}, {rule(IpFamily::kV4), rule(IpFamily::kV6)}});
  EXPECT_EQ(reconcile({}), 3u);
  EXPECT_THAT(shell("ip rule; ip -6 rule"), Not(HasSubstr("9027")));
  EXPECT_EQ(shell("ip route show table 9027"), "");
}

// A hole in what is blocked: the next rules decide, as if our table had nothing there.
TEST_F(ReconcileTest, ThrowRouteIsAHoleInABlackhole) {
  shell("ip -6 address add fd07::5/64 dev lan nodad && ip route add 10.8.1.0/24 via 192.168.7.1");
  shell("ip -6 route add fd08:1::/64 via fd07::1");
  const auto of_type = [](const char* destination, RouteType type) {
    Route result;
    result.destination = IpPrefix::parse(destination).value();
    result.table = kRavenTable;
    result.protocol = kRavenProtocol;
    result.metric = 65'000;
    result.type = type;
    return result;
  };
  const Routing desired{
      {of_type("10.8.1.0/24", RouteType::kThrow), of_type("fd08:1::/64", RouteType::kThrow),
       of_type("10.8.0.0/16", RouteType::kBlackhole), of_type("fd08::/16", RouteType::kBlackhole)},
      {rule(IpFamily::kV4), rule(IpFamily::kV6)}};
  EXPECT_EQ(reconcile(desired), 6u);
  EXPECT_EQ(reconcile(desired), 0u) << "reads back as written";
  const auto lookup = [&](const char* text) {
    return kernel_->lookup(IpAddress::parse(text).value());
  };
  EXPECT_FALSE(lookup("10.8.2.7").ok());
  EXPECT_FALSE(lookup("fd08:2::7").ok());
  ASSERT_TRUE(lookup("10.8.1.7").ok());
  EXPECT_EQ(lookup("10.8.1.7")->gateway, IpAddress::parse("192.168.7.1").value());
  ASSERT_TRUE(lookup("fd08:1::7").ok());
  EXPECT_EQ(lookup("fd08:1::7")->gateway, IpAddress::parse("fd07::1").value());
  Monitor monitor = Monitor::open().value();
  EXPECT_EQ(reconcile({}), 6u);
  std::vector<RouteType> removed;
  const auto news = monitor.drain();
  for (const Event& event : news.value().events)
    if (const auto* route = std::get_if<Route>(&event.object)) removed.push_back(route->type);
  EXPECT_THAT(
      removed,
      testing::ElementsAre(
          RouteType::kBlackhole, RouteType::kBlackhole, RouteType::kThrow, RouteType::kThrow
      )
  ) << "holes stay as long as what they are in";
  EXPECT_EQ(shell("ip route show table 9027; ip -6 route show table 9027"), "");
}

TEST_F(ReconcileTest, OneBadEntryDoesNotStopTheOthers) {
  const Routing desired{
      {route("10.2.0.0/16", "172.31.0.1"), route("10.3.0.0/16", "192.168.7.1")}, {}};
  const auto errors = apply(*kernel_, diff(desired, Routing{}));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0].message, HasSubstr("10.2.0.0/16"));
  EXPECT_THAT(shell("ip route show table 9027"), HasSubstr("10.3.0.0/16"));
}

}  // namespace
}  // namespace raven::netlink
