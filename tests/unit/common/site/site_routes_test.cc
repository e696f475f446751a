// What gateway boxes and plain nodes agree on in their routes.
// SPDX-License-Identifier: Apache-2.0
#include "common/site/site_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace raven::site {
namespace {

using testing::ElementsAre;

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}
IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

std::vector<std::string> texts(const std::vector<netlink::Route>& routes) {
  std::vector<std::string> found;
  for (const netlink::Route& route : routes) found.push_back(route.text());
  return found;
}

TEST(Blackholes, CloseEachRemotePrefixOnceInRavensTable) {
  const model::RemotePrefixes remote{
      {"a", {{prefix("10.3.0.0/16"), prefix("fd03::/48")}, {}}},
      {"b", {{prefix("10.2.0.0/16")}, {prefix("10.9.0.0/16"), prefix("10.3.0.0/16")}}}};
  const netlink::Routing routing = plan_blackholes(remote, {});
  EXPECT_THAT(
      texts(routing.routes), ElementsAre(
                                 "blackhole 10.2.0.0/16 table 9027 metric 65000",
                                 "blackhole 10.3.0.0/16 table 9027 metric 65000",
                                 "blackhole 10.9.0.0/16 table 9027 metric 65000",
                                 "blackhole fd03::/48 table 9027 metric 65000"
                             )
  );
  EXPECT_TRUE(std::ranges::all_of(routing.routes, [](const netlink::Route& route) {
    return route.protocol == 0x52;
  }));
  const netlink::Rule v4{.priority = 100, .table = 9027, .protocol = 0x52};
  netlink::Rule v6 = v4;
  v6.family = IpFamily::kV6;
  EXPECT_THAT(routing.rules, ElementsAre(v4, v6));
}

TEST(Blackholes, OfWhatIsBlockedHaveOneThrowRouteForEachHole) {
  model::Network network;
  model::Pool& own = network.pools.emplace_back();
  own.name = "own";
  own.prefixes = {prefix("10.9.1.0/24"), prefix("10.20.0.0/16"), prefix("fd09:1::/64")};
  network.own = 0;
  const model::RemotePrefixes remote{
      {"a", {{prefix("10.9.7.0/24")}, {prefix("10.9.0.0/16"), prefix("fd09::/16")}}}};
  const netlink::Routing routing = plan_blackholes(remote, network);
  EXPECT_THAT(
      texts(routing.routes),
      ElementsAre(
          "throw 10.9.1.0/24 table 9027 metric 65000", "throw fd09:1::/64 table 9027 metric 65000",
          "blackhole 10.9.0.0/16 table 9027 metric 65000",
          "blackhole 10.9.7.0/24 table 9027 metric 65000",
          "blackhole fd09::/16 table 9027 metric 65000"
      )
  );
}

TEST(Blackholes, AskTheTableOnlyForFamiliesThatAreInIt) {
  EXPECT_THAT(plan_blackholes({}, {}).rules, testing::IsEmpty());
  const netlink::Routing routing = plan_blackholes({{"a", {{prefix("fd03::/48")}, {}}}}, {});
  ASSERT_THAT(routing.rules, testing::SizeIs(1));
  EXPECT_EQ(routing.rules[0].family, IpFamily::kV6);
}

TEST(RouteThrough, LiesAboveTheBlackholeOfItsPrefix) {
  const netlink::Route route = route_through(7, prefix("10.2.0.0/16"), 1380);
  EXPECT_EQ(route.text(), "10.2.0.0/16 dev 7 table 9027 metric 10 mtu 1380");
  EXPECT_EQ(route.protocol, 0x52);
  EXPECT_LT(route.metric, kBlackholeMetric);
}

struct SourceCase {
  const char* name;
  std::vector<const char*> addresses;
  IpFamily family;
  const char* expected;
};

class PreferredSourceTest : public testing::TestWithParam<SourceCase> {};

// The order in which the kernel lists addresses is that of its interfaces, which is no property of
// the node.
TEST_P(PreferredSourceTest, DoesNotDependOnTheOrderOfTheAddresses) {
  const model::Member self{
      "e1",
      ip("192.168.7.5"),
      {prefix("10.1.5.0/24"), prefix("fd01:5::/64"), prefix("10.8.8.8/32")}};
  std::vector<IpAddress> addresses;
  for (const char* text : GetParam().addresses) addresses.push_back(ip(text));
  std::ranges::sort(addresses);
  do {
    const auto source = preferred_source(self, addresses, GetParam().family);
    EXPECT_EQ(source ? source->text() : "none", GetParam().expected);
  } while (std::ranges::next_permutation(addresses).found);
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, PreferredSourceTest,
    testing::Values(
        SourceCase{
            "LowestOfTheOwnPrefix",
            {"127.0.0.1", "10.1.5.9", "10.1.5.1", "192.168.7.5"},
            IpFamily::kV4,
            "10.1.5.1"},
        SourceCase{
            "OfTheFamily", {"10.1.5.1", "fd01:5::9", "fd01:5::2"}, IpFamily::kV6, "fd01:5::2"},
        SourceCase{"NotTheNodeAddress", {"127.0.0.1", "192.168.7.5"}, IpFamily::kV4, "none"},
        SourceCase{"NotOfAnotherNode", {"10.1.4.1", "10.1.6.1"}, IpFamily::kV4, "none"},
        SourceCase{
            "NetworkAddressLast", {"10.1.5.0", "10.1.5.1", "10.1.5.7"}, IpFamily::kV4, "10.1.5.1"},
        SourceCase{"NetworkAddressRatherThanNone", {"10.1.5.0"}, IpFamily::kV4, "10.1.5.0"},
        SourceCase{"AddressThatIsAPrefix", {"10.8.8.8", "192.168.7.5"}, IpFamily::kV4, "10.8.8.8"}
    ),
    [](const auto& test) { return test.param.name; }
);

}  // namespace
}  // namespace raven::site
