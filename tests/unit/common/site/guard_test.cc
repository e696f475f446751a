// The blackholes below the main table's routes, against the real kernel.
// SPDX-License-Identifier: Apache-2.0
#include "common/site/guard.h"

#include <gmock/gmock.h>

#include "tests/unit/common/netlink/namespace.h"

namespace raven::site {
namespace {

using netlink::Kernel;
using netlink::shell;
using testing::HasSubstr;

std::vector<IpPrefix> networks(const std::vector<std::string>& texts) {
  std::vector<IpPrefix> prefixes;
  prefixes.reserve(texts.size());
  for (const std::string& text : texts) prefixes.push_back(IpPrefix::parse(text).value());
  return prefixes;
}

class GuardTest : public netlink::NamespaceTest {
 protected:
  void SetUp() override {
    NamespaceTest::SetUp();
    if (IsSkipped()) return;
    shell(
        "ip link add lan type veth peer name other && ip link set lan up && ip link set other up"
        " && ip address add 192.168.7.5/24 dev lan && ip address add fd00:7::5/64 dev lan nodad"
        " && ip route add default via 192.168.7.1 && ip -6 route add default via fd00:7::1"
    );
    kernel_ = std::make_unique<Kernel>(Kernel::open().value());
  }
  // Where the kernel would send a packet for `address`.
  std::string way_to(const std::string& address) {
    return shell("ip route get " + address + " 2>&1 || true");
  }

  std::unique_ptr<Kernel> kernel_;
};

TEST_F(GuardTest, WhatOnlyTheDefaultRouteKnowsEnds) {
  EXPECT_THAT(way_to("10.42.9.1"), HasSubstr("via 192.168.7.1"));
  EXPECT_EQ(guard(*kernel_, networks({"10.42.0.0/16", "fd42::/48"})).value(), 2u);
  EXPECT_THAT(way_to("10.42.9.1"), HasSubstr("Invalid argument"));
  EXPECT_THAT(way_to("fd42::1"), HasSubstr("Invalid argument"));
  EXPECT_THAT(way_to("203.0.113.1"), HasSubstr("via 192.168.7.1"));
}

TEST_F(GuardTest, EveryOtherRouteOfTheNetworkInterfaceIsPreferred) {
  shell(
      "ip route add 10.42.3.0/24 via 192.168.7.3 && ip route add 10.43.0.0/16 via 192.168.7.4"
      " && ip -6 route add fd42:3::/64 via fd00:7::3"
  );
  ASSERT_TRUE(guard(*kernel_, networks({"10.42.0.0/16", "10.43.0.0/16", "fd42::/16"})).ok());
  EXPECT_THAT(way_to("10.42.3.1"), HasSubstr("via 192.168.7.3"));
  EXPECT_THAT(way_to("10.43.3.1"), HasSubstr("via 192.168.7.4")) << "the same prefix";
  EXPECT_THAT(way_to("fd42:3::1"), HasSubstr("via fd00:7::3"));
}

TEST_F(GuardTest, SecondRunDoesNothingAndWhatIsNotWantedGoes) {
  shell("ip route add blackhole 10.50.0.0/16 metric 4000000000");  // somebody else's
  ASSERT_TRUE(guard(*kernel_, networks({"10.42.0.0/16", "fd42::/48"})).ok());
  EXPECT_EQ(guard(*kernel_, networks({"10.42.0.0/16", "fd42::/48"})).value(), 0u);
  EXPECT_EQ(guard(*kernel_, networks({"10.42.128.0/17"})).value(), 3u);
  EXPECT_THAT(way_to("10.42.9.1"), HasSubstr("via 192.168.7.1"));
  EXPECT_EQ(guard(*kernel_, {}).value(), 1u);
  EXPECT_THAT(shell("ip route show"), HasSubstr("blackhole 10.50.0.0/16"));
}

TEST(GuardBeforeFirstRead, LeavesOutWhatTheOwnPoolUsedInAFormerRun) {
  model::Network former;
  former.pools.resize(1);
  former.pools[0].prefixes = networks({"10.42.0.0/17"});
  EXPECT_EQ(
      guarded_before_first_read(networks({"10.42.0.0/16"}), former), networks({"10.42.0.0/16"})
  ) << "in no pool";
  former.own = 0;
  EXPECT_EQ(
      guarded_before_first_read(networks({"10.42.0.0/16"}), former), networks({"10.42.128.0/17"})
  );
  EXPECT_EQ(guarded_before_first_read({}, former), std::nullopt) << "no guard was asked for";
}

}  // namespace
}  // namespace raven::site
