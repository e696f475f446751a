// Host against the real kernel: from nothing, from Raven's state, and after interference.
// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/host.h"

#include <gmock/gmock.h>

#include "common/netlink/monitor.h"
#include "tests/unit/agent-lite/sample_network.h"
#include "tests/unit/common/netlink/namespace.h"

namespace raven::agent_lite {
namespace {

using netlink::shell;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kShowAll =
    "ip -o link show type vxlan; ip -o address show dev raven0; ip rule; ip -6 rule;"
    "ip route show table 9027; ip -6 route show table 9027; bridge fdb show dev raven0;"
    "ip neighbour show dev raven0 nud permanent";

class HostTest : public netlink::NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped()) return;
    shell(
        "ip link add lan type veth peer name other && ip link set lan up && ip link set other up"
        " && ip address add 192.168.7.5/24 dev lan"
    );
    host_ = std::make_unique<Host>(netlink::Kernel::open().value());
  }

  Desired desired(
      const char* gateway = "edge-gw1", Encapsulation encapsulation = Encapsulation::kVxlan
  ) {
    const model::Network network = sample_network();
    const NodeFacts facts = host_->facts(ip("192.168.7.5")).value();
    const PlanOptions options{.encapsulation = encapsulation, .wan_mtu = 0, .tunnel_overhead = 88};
    return plan(network, model::remember_prefixes({}, network), facts, gateway, options);
  }

  std::size_t converge(const Desired& wanted) {
    const Report report = host_->converge(wanted);
    for (const Error& error : report.errors) ADD_FAILURE() << error.message;
    return report.changes;
  }

  std::unique_ptr<Host> host_;
};

TEST_F(HostTest, FactsNameTheInterfaceOfTheNodeAddress) {
  const NodeFacts facts = host_->facts(ip("192.168.7.5")).value();
  EXPECT_EQ(facts.lan_link, host_->kernel().link("lan").value()->index);
  EXPECT_EQ(facts.lan_mtu, 1500u);
  EXPECT_THAT(facts.addresses, testing::Contains(ip("192.168.7.5")));
  EXPECT_EQ(host_->facts(ip("192.168.7.99")).value().lan_link, 0u);
}

TEST_F(HostTest, BuildsEverythingFromNothing) {
  EXPECT_GT(converge(desired()), 0u);
  const std::string state = shell(kShowAll);
  EXPECT_THAT(state, HasSubstr("raven0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450"));
  EXPECT_THAT(state, HasSubstr("inet 240.168.7.5/8 scope link raven0"));
  EXPECT_THAT(state, HasSubstr("100:\tfrom all lookup 9027 proto 82"));
  EXPECT_THAT(
      state, HasSubstr("10.2.0.0/16 via 240.168.7.1 dev raven0 proto 82 metric 10 onlink mtu 1412")
  );
  EXPECT_THAT(state, HasSubstr("blackhole 10.2.0.0/16 proto 82 metric 65000"));
  EXPECT_THAT(state, HasSubstr("fd02::/48 via fe80::f0a8:701 dev raven0 proto 82 metric 10"));
  EXPECT_THAT(state, HasSubstr("aa:0f:f0:a8:07:02 dst 192.168.7.2 self permanent"));
  EXPECT_THAT(state, Not(HasSubstr("inet6 fe80")));  // raven0 gets no address by itself
}

TEST_F(HostTest, SecondPassWritesNothing) {
  converge(desired());
  netlink::Monitor monitor = netlink::Monitor::open().value();
  EXPECT_EQ(converge(desired()), 0u);
  EXPECT_THAT(monitor.drain().value().events, IsEmpty());
}

TEST_F(HostTest, NodeItselfReachesTheOtherSiteThroughRaven0) {
  converge(desired());
  const netlink::Route route = host_->kernel().lookup(ip("10.2.3.4")).value();
  EXPECT_EQ(route.link, host_->overlay_index());
  EXPECT_EQ(host_->kernel().lookup(ip("fd02::1")).value().link, host_->overlay_index());
}

TEST_F(HostTest, SwitchOfTheGatewayIsNothingButReplacedRoutes) {
  converge(desired("edge-gw1"));
  netlink::Monitor monitor = netlink::Monitor::open().value();
  EXPECT_EQ(converge(desired("edge-gw2")), 2u);  // one prefix of each family
  const auto events = monitor.drain().value();
  for (const netlink::Event& event : events.events) {
    EXPECT_FALSE(event.removed);
    EXPECT_TRUE(std::holds_alternative<netlink::Route>(event.object));
  }
  EXPECT_THAT(shell("ip route show table 9027"), HasSubstr("via 240.168.7.2"));
}

TEST_F(HostTest, DeletedDeviceIsMadeAgainWithAllThatHungOnIt) {
  converge(desired());
  const std::string before = shell("ip route show table 9027; bridge fdb show dev raven0");
  shell("ip link delete raven0");
  EXPECT_GT(converge(desired()), 0u);
  EXPECT_EQ(shell("ip route show table 9027; bridge fdb show dev raven0"), before);
}

TEST_F(HostTest, DeviceThatWasSetDownIsSetUpAgain) {
  converge(desired());
  shell("ip link set raven0 down mtu 1200");
  converge(desired());
  EXPECT_THAT(shell(kShowAll), HasSubstr("UP,LOWER_UP> mtu 1450"));
  EXPECT_THAT(shell(kShowAll), HasSubstr("10.2.0.0/16 via 240.168.7.1"));
}

TEST_F(HostTest, RenamedDeviceIsReplaced) {
  converge(desired());
  shell("ip link set raven0 down && ip link set raven0 name stolen0");
  converge(desired());
  EXPECT_THAT(shell("ip -o link"), Not(HasSubstr("stolen0")));
  EXPECT_THAT(shell(kShowAll), HasSubstr("10.2.0.0/16 via 240.168.7.1 dev raven0"));
}

TEST_F(HostTest, ForeignAddressesAndForwardingEntriesOnRaven0Go) {
  converge(desired());
  const std::string before = shell(kShowAll);
  shell(
      "ip address add 10.99.0.1/32 dev raven0 && "
      "bridge fdb append 00:00:00:00:00:00 dst 192.168.7.66 dev raven0"
  );
  converge(desired());
  EXPECT_EQ(shell(kShowAll), before);
}

TEST_F(HostTest, TakesANodeOverFromRaven) {
  shell(
      "ip link add raven0 address aa:0f:f0:a8:07:05 mtu 1436 type vxlan id 200 dstport 4472"
      " nolearning ageing 300 remote 192.168.7.1 && ip link set raven0 up"
      " && ip address add 240.168.7.5/8 dev raven0 scope link"
      " && ip route add default via 240.168.7.1 dev raven0 onlink table 9027"
      " && ip rule add fwmark 0x40 priority 100 lookup 9027"
  );
  const uint32_t index = host_->kernel().link("raven0").value()->index;
  converge(desired());
  EXPECT_EQ(host_->overlay_index(), index) << "raven0 is kept, so nothing is interrupted";
  EXPECT_THAT(shell("ip route show table 9027"), Not(HasSubstr("default")));
  EXPECT_EQ(shell("ip rule show priority 100"), "100:\tfrom all lookup 9027 proto 82\n");
  EXPECT_EQ(converge(desired()), 0u);
}

TEST_F(HostTest, DeviceOfTheDataplaneIsNotTouchedAndTheBlackholesStand) {
  shell("ip tuntap add raven0 mode tun && ip link set raven0 up");
  const Report report = host_->converge(desired());
  ASSERT_FALSE(report.errors.empty());
  EXPECT_THAT(report.errors[0].message, HasSubstr("raven0: is a tun device"));
  EXPECT_THAT(shell("ip route show table 9027"), HasSubstr("blackhole 10.2.0.0/16"));
  EXPECT_THAT(shell("ip -d link show raven0"), HasSubstr("tun type tun"));
}

TEST_F(HostTest, ChangeToDirectMovesTheRoutesAndRemovesRaven0) {
  converge(desired());
  netlink::Monitor monitor = netlink::Monitor::open().value();
  Desired direct = desired("edge-gw1", Encapsulation::kDirect);
  converge(direct);
  EXPECT_THAT(
      shell("ip route show table 9027"), HasSubstr("10.2.0.0/16 via 192.168.7.1 dev lan proto 82")
  );
  EXPECT_EQ(shell("ip -o link show type vxlan"), "");
  // The IPv4 route was replaced, not removed: it is told as new before anything is told as gone.
  const auto events = monitor.drain().value();
  ASSERT_FALSE(events.events.empty());
  EXPECT_FALSE(events.events[0].removed);
}

TEST_F(HostTest, DirectSendsTheOtherFamilyToTheMacThatArpFound) {
  shell("ip neighbour add 192.168.7.1 lladdr 02:00:00:00:00:01 nud stale dev lan");
  const auto direct = [this] { return desired("edge-gw1", Encapsulation::kDirect); };
  converge(direct());
  const std::string show = "ip -6 route show table 9027; ip neighbour show nud permanent";
  EXPECT_THAT(shell(show), HasSubstr("fd02::/48 via fe80::f0a8:701 dev lan proto 82 metric 10"));
  EXPECT_THAT(shell(show), HasSubstr("fe80::f0a8:701 dev lan lladdr 02:00:00:00:00:01"));
  EXPECT_EQ(converge(direct()), 0u);
  shell("ip neighbour replace 192.168.7.1 lladdr 02:00:00:00:00:02 nud stale dev lan");
  EXPECT_EQ(converge(direct()), 1u);
  EXPECT_THAT(shell(show), HasSubstr("fe80::f0a8:701 dev lan lladdr 02:00:00:00:00:02"));
}

TEST_F(HostTest, OnlyOwnStaticNeighboursGo) {
  shell("ip neighbour add 192.168.7.1 lladdr 02:00:00:00:00:01 nud stale dev lan");
  shell("ip neighbour add 192.168.7.9 lladdr 02:00:00:00:00:09 nud permanent dev lan");
  const std::string before = shell("ip neighbour show nud permanent");
  converge(desired("edge-gw1", Encapsulation::kDirect));
  EXPECT_NE(shell("ip neighbour show nud permanent"), before);
  EXPECT_TRUE(host_->release_overlay().errors.empty());
  EXPECT_EQ(shell("ip neighbour show nud permanent"), before);
  converge(desired("edge-gw1", Encapsulation::kDirect));
  converge(Desired{});
  EXPECT_EQ(shell("ip neighbour show nud permanent"), before);
}

TEST_F(HostTest, CleanUpLeavesNothing) {
  const std::string before = shell("ip -o link | grep -v other; ip rule; ip -6 rule");
  converge(desired());
  converge(Desired{});
  EXPECT_EQ(shell("ip -o link | grep -v other; ip rule; ip -6 rule"), before);
  EXPECT_EQ(shell("ip route show table 9027; ip -6 route show table 9027"), "");
  EXPECT_EQ(converge(Desired{}), 0u);
}

TEST_F(HostTest, GatewayBoxOnlyLosesItsVxlanDevice) {
  converge(desired());
  EXPECT_TRUE(host_->release_overlay().errors.empty());
  EXPECT_EQ(shell("ip -o link show type vxlan"), "");
  EXPECT_THAT(shell("ip route show table 9027"), HasSubstr("blackhole 10.2.0.0/16"));
  EXPECT_THAT(shell("ip rule"), HasSubstr("9027"));
}

}  // namespace
}  // namespace raven::agent_lite
