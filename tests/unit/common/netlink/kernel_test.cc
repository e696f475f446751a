// Every typed object against the real kernel, with iproute2 as the witness.
// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/kernel.h"

#include <gmock/gmock.h>
#include <linux/rtnetlink.h>

#include "common/netlink/reconcile.h"
#include "common/wire/raven.h"
#include "tests/unit/common/netlink/namespace.h"

namespace raven::netlink {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}
IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

class KernelTest : public NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped()) return;
    shell(
        "ip link add lan type veth peer name other && ip link set lan up && ip link set other up"
        " && ip address add 192.168.7.5/24 dev lan && ip address add fd07::5/64 dev lan nodad"
    );
    kernel_ = std::make_unique<Kernel>(Kernel::open().value());
    lan_ = kernel_->link("lan").value()->index;
  }

  Link create_vxlan() {
    Link link;
    link.name = "raven0";
    link.kind = "vxlan";
    link.mtu = 1450;
    link.mac = MacAddress::parse("aa:0f:f0:a8:07:05").value();
    link.up = true;
    link.ipv6_auto_address = false;
    link.vxlan = Vxlan{.vni = 200, .port = 4472, .learning = false};
    const Status status = kernel_->put(link);
    EXPECT_TRUE(status.ok()) << status.error().message;
    return kernel_->link("raven0").value().value();
  }

  Route via_lan(const char* destination) {
    Route route;
    route.destination = prefix(destination);
    route.table = kRavenTable;
    route.protocol = kRavenProtocol;
    route.metric = 10;
    route.link = lan_;
    const bool v4 = route.destination.family() == IpFamily::kV4;
    route.gateway = ip(v4 ? "192.168.7.1" : "fd07::1");
    return route;
  }

  std::unique_ptr<Kernel> kernel_;
  uint32_t lan_ = 0;
};

TEST_F(KernelTest, VxlanLinkIsCreatedAsAsked) {
  const Link link = create_vxlan();
  EXPECT_EQ(link.kind, "vxlan");
  EXPECT_EQ(link.mtu, 1450u);
  EXPECT_EQ(link.mac.text(), "aa:0f:f0:a8:07:05");
  EXPECT_TRUE(link.up);
  EXPECT_FALSE(link.ipv6_auto_address);
  EXPECT_EQ(link.vxlan, (Vxlan{.vni = 200, .port = 4472, .learning = false}));
  const std::string witness = shell("ip -d link show raven0");
  EXPECT_THAT(witness, HasSubstr("vxlan id 200"));
  EXPECT_THAT(witness, HasSubstr("dstport 4472 nolearning"));
  EXPECT_THAT(witness, HasSubstr("noudpcsum"));
  EXPECT_THAT(witness, HasSubstr("addrgenmode none"));
}

TEST_F(KernelTest, LinkSettingsChangeInPlace) {
  Link link = create_vxlan();
  link.mtu = 1300;
  link.mac = MacAddress::parse("aa:0f:f0:01:02:03").value();
  link.up = false;
  ASSERT_TRUE(kernel_->put(link).ok());
  const std::string witness = shell("ip link show raven0");
  EXPECT_THAT(witness, HasSubstr("mtu 1300"));
  EXPECT_THAT(witness, HasSubstr("aa:0f:f0:01:02:03"));
  EXPECT_THAT(witness, HasSubstr("state DOWN"));
}

TEST_F(KernelTest, RemovedLinkIsGone) {
  ASSERT_TRUE(kernel_->remove(create_vxlan()).ok());
  EXPECT_FALSE(kernel_->link("raven0").value());
}

TEST_F(KernelTest, SecondVxlanOfTheSameNumberIsRefusedWithTheReasonOfTheKernel) {
  Link link = create_vxlan();
  link.index = 0;
  link.name = "raven1";
  const Status status = kernel_->put(link);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kExists);
  EXPECT_THAT(status.error().message, HasSubstr("create link raven1"));
  EXPECT_THAT(status.error().message, HasSubstr("VNI"));
}

TEST_F(KernelTest, AddressIsAddedOnceAndRemoved) {
  const Address address{
      .link = lan_, .address = ip("240.168.7.5"), .prefix_length = 8, .scope = AddressScope::kLink};
  ASSERT_TRUE(kernel_->put(address).ok());
  ASSERT_TRUE(kernel_->put(address).ok());
  EXPECT_THAT(shell("ip address show dev lan"), HasSubstr("inet 240.168.7.5/8 scope link"));
  EXPECT_THAT(kernel_->addresses().value(), Contains(address));
  ASSERT_TRUE(kernel_->remove(address).ok());
  EXPECT_EQ(kernel_->remove(address).error().code, ErrorCode::kNotFound);
}

TEST_F(KernelTest, RouteOfEachFamilyReadsBackAsWritten) {
  for (const char* destination : {"10.2.0.0/16", "fd02::/64", "0.0.0.0/0", "::/0"}) {
    Route route = via_lan(destination);
    route.mtu = 1400;
    const Status status = kernel_->put(route);
    ASSERT_TRUE(status.ok()) << status.error().message;
    EXPECT_THAT(kernel_->routes(route.destination.family(), kRavenTable).value(), Contains(route))
        << destination;
  }
  EXPECT_THAT(
      shell("ip route show table 9027"),
      HasSubstr("10.2.0.0/16 via 192.168.7.1 dev lan proto 82 metric 10 mtu 1400")
  );
  EXPECT_THAT(
      shell("ip -6 route show table 9027"),
      HasSubstr("fd02::/64 via fd07::1 dev lan proto 82 metric 10 mtu 1400")
  );
}

TEST_F(KernelTest, OnlinkRouteToAGatewayOutsideEveryPrefixIsAccepted) {
  Route route = via_lan("10.2.0.0/16");
  route.gateway = ip("240.1.2.3");
  EXPECT_FALSE(kernel_->put(route).ok());
  route.onlink = true;
  ASSERT_TRUE(kernel_->put(route).ok());
  EXPECT_THAT(shell("ip route show table 9027"), HasSubstr("via 240.1.2.3 dev lan"));
  EXPECT_THAT(kernel_->routes(IpFamily::kV4, kRavenTable).value(), ElementsAre(route));
}

TEST_F(KernelTest, RouteToALinkLocalGatewayOfIpv6IsAccepted) {
  Route route = via_lan("fd02::/64");
  route.gateway = ip("fe80::f001:203");
  route.onlink = true;
  ASSERT_TRUE(kernel_->put(route).ok());
  EXPECT_THAT(kernel_->routes(IpFamily::kV6, kRavenTable).value(), ElementsAre(route));
}

TEST_F(KernelTest, ReplacedRouteIsOneEntry) {
  for (const char* destination : {"10.2.0.0/16", "fd02::/64"}) {
    Route route = via_lan(destination);
    const bool v4 = route.destination.family() == IpFamily::kV4;
    ASSERT_TRUE(kernel_->put(route).ok());
    route.gateway = ip(v4 ? "192.168.7.2" : "fd07::2");
    ASSERT_TRUE(kernel_->put(route).ok());
    EXPECT_THAT(
        kernel_->routes(route.destination.family(), kRavenTable).value(), ElementsAre(route)
    );
  }
}

TEST_F(KernelTest, BlackholeLiesBelowTheRouteAndStaysWhenThatGoes) {
  for (const char* destination : {"10.2.0.0/16", "fd02::/64"}) {
    const Route route = via_lan(destination);
    Route blackhole = route;
    blackhole.type = RouteType::kBlackhole;
    blackhole.metric = 65000;
    blackhole.link = 0;
    blackhole.gateway.reset();
    ASSERT_TRUE(kernel_->put(blackhole).ok());
    ASSERT_TRUE(kernel_->put(route).ok());
    ASSERT_TRUE(kernel_->remove(route).ok());
    EXPECT_THAT(
        kernel_->routes(route.destination.family(), kRavenTable).value(), ElementsAre(blackhole)
    );
    EXPECT_EQ(kernel_->remove(route).error().code, ErrorCode::kNotFound);
  }
}

TEST_F(KernelTest, TableThatIsNotThereHasNoRoutes) {
  EXPECT_THAT(kernel_->routes(IpFamily::kV4, 12345).value(), IsEmpty());
  EXPECT_THAT(kernel_->routes(IpFamily::kV6, 12345).value(), IsEmpty());
}

TEST_F(KernelTest, LookupFollowsRulesAndTables) {
  ASSERT_TRUE(kernel_->put(via_lan("10.2.0.0/16")).ok());
  EXPECT_FALSE(kernel_->lookup(ip("10.2.3.4")).ok());
  const Rule rule{.priority = 100, .table = kRavenTable, .protocol = kRavenProtocol};
  ASSERT_TRUE(kernel_->put(rule).ok());
  const auto result = kernel_->lookup(ip("10.2.3.4"));
  ASSERT_TRUE(result.ok()) << result.error().message;
  const Route& found = *result;
  EXPECT_EQ(found.link, lan_);
  EXPECT_EQ(found.gateway, ip("192.168.7.1"));
  EXPECT_EQ(found.table, kRavenTable);
  EXPECT_EQ(kernel_->lookup(ip("192.168.7.9")).value().link, lan_);
  EXPECT_EQ(kernel_->lookup(ip("fd07::9")).value().link, lan_);
}

TEST_F(KernelTest, RuleIsAddedOnceAndReadBack) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    const Rule rule{
        .family = family, .priority = 100, .table = kRavenTable, .protocol = kRavenProtocol};
    ASSERT_TRUE(kernel_->put(rule).ok());
    ASSERT_TRUE(kernel_->put(rule).ok());
    const std::string command = family == IpFamily::kV4 ? "ip rule" : "ip -6 rule";
    EXPECT_EQ(shell(command + " show priority 100"), "100:\tfrom all lookup 9027 proto 82\n");
    EXPECT_THAT(kernel_->rules(family).value(), Contains(rule));
    ASSERT_TRUE(kernel_->remove(rule).ok());
    EXPECT_EQ(kernel_->remove(rule).error().code, ErrorCode::kNotFound);
  }
}

TEST_F(KernelTest, RuleWithOtherSelectorsIsRecognised) {
  shell("ip rule add from 10.0.0.0/8 priority 100 lookup 9027");
  const auto rules = kernel_->rules(IpFamily::kV4).value();
  const auto found = std::ranges::find(rules, 100u, &Rule::priority);
  ASSERT_NE(found, rules.end());
  EXPECT_TRUE(found->other_selectors);
}

TEST_F(KernelTest, StaticNeighbourReadsBackAsWritten) {
  const Link link = create_vxlan();
  for (const char* address : {"240.1.2.3", "fe80::f001:203"}) {
    const Neighbour neighbour{
        .link = link.index,
        .address = ip(address),
        .mac = MacAddress::parse("aa:0f:f0:01:02:03").value()};
    ASSERT_TRUE(kernel_->put(neighbour).ok());
    EXPECT_THAT(kernel_->neighbours(link.index).value(), Contains(neighbour));
    EXPECT_THAT(
        shell("ip neighbour show dev raven0"),
        HasSubstr(std::string{address} + " lladdr aa:0f:f0:01:02:03 PERMANENT")
    );
    ASSERT_TRUE(kernel_->remove(neighbour).ok());
  }
}

TEST_F(KernelTest, ForwardingEntryIsReplacedNotDoubled) {
  const Link link = create_vxlan();
  FdbEntry entry{
      .link = link.index,
      .mac = MacAddress::parse("aa:0f:f0:01:02:03").value(),
      .destination = ip("192.168.7.1")};
  ASSERT_TRUE(kernel_->put(entry).ok());
  entry.destination = ip("192.168.7.2");
  ASSERT_TRUE(kernel_->put(entry).ok());
  EXPECT_THAT(kernel_->fdb(link.index).value(), ElementsAre(entry));
  EXPECT_THAT(
      shell("bridge fdb show dev raven0"),
      HasSubstr("aa:0f:f0:01:02:03 dst 192.168.7.2 self permanent")
  );
  ASSERT_TRUE(kernel_->remove(entry).ok());
  EXPECT_THAT(kernel_->fdb(link.index).value(), IsEmpty());
}

TEST_F(KernelTest, NothingOfThisIsMalformed) {
  create_vxlan();
  ASSERT_TRUE(kernel_->addresses().ok());
  ASSERT_TRUE(kernel_->routes(IpFamily::kV4, RT_TABLE_MAIN).ok());
  ASSERT_TRUE(kernel_->routes(IpFamily::kV6, RT_TABLE_LOCAL).ok());
  ASSERT_TRUE(kernel_->rules(IpFamily::kV6).ok());
  ASSERT_TRUE(kernel_->neighbours(lan_).ok());
  EXPECT_EQ(kernel_->malformed_messages(), 0u);
}

}  // namespace
}  // namespace raven::netlink
