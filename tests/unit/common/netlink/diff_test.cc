// The pure part: which operations lead from one state to another.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "common/netlink/reconcile.h"
#include "common/wire/raven.h"

namespace raven::netlink {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Route route(const char* destination, uint32_t metric, uint32_t link) {
  Route result;
  result.destination = IpPrefix::parse(destination).value();
  result.table = kRavenTable;
  result.protocol = kRavenProtocol;
  result.metric = metric;
  result.link = link;
  return result;
}

TEST(Diff, EqualStatesNeedNoOperation) {
  const std::vector<Route> routes{route("10.1.0.0/16", 10, 3), route("fd00::/64", 10, 3)};
  EXPECT_TRUE(diff(routes, routes).empty());
}

TEST(Diff, OrderOfActualDoesNotMatter) {
  const std::vector<Route> desired{route("10.1.0.0/16", 10, 3), route("10.2.0.0/16", 10, 3)};
  const std::vector<Route> actual{desired[1], desired[0]};
  EXPECT_TRUE(diff(desired, actual).empty());
}

TEST(Diff, ChangedEntryIsPutAndNotRemoved) {
  const std::vector<Route> desired{route("10.1.0.0/16", 10, 4)};
  const auto operations = diff(desired, {route("10.1.0.0/16", 10, 3)});
  EXPECT_THAT(operations.put, ElementsAre(desired[0]));
  EXPECT_THAT(operations.remove, IsEmpty());
}

TEST(Diff, OtherMetricIsAnotherEntry) {
  const std::vector<Route> desired{route("10.1.0.0/16", 20, 3)};
  const std::vector<Route> actual{route("10.1.0.0/16", 10, 3)};
  const auto operations = diff(desired, actual);
  EXPECT_THAT(operations.put, ElementsAre(desired[0]));
  EXPECT_THAT(operations.remove, ElementsAre(actual[0]));
}

TEST(Diff, Ipv6MetricZeroIsWhatTheKernelStoresAs1024) {
  EXPECT_TRUE(diff<Route>({route("fd00::/64", 0, 3)}, {route("fd00::/64", 1024, 3)}).empty());
}

TEST(Diff, FirstOfTwoDesiredEntriesWithOneKeyCounts) {
  const std::vector<Route> desired{route("10.1.0.0/16", 10, 3), route("10.1.0.0/16", 10, 4)};
  EXPECT_THAT(diff(desired, {}).put, ElementsAre(desired[0]));
}

TEST(Diff, RuleThatDiffersInItsMarkIsAddedAndTheOldOneRemoved) {
  const Rule plain{.priority = 100, .table = 9027, .protocol = kRavenProtocol};
  Rule marked = plain;
  marked.mark = marked.mark_mask = 0x40;
  const auto operations = diff<Rule>({plain}, {marked});
  EXPECT_THAT(operations.put, ElementsAre(plain));
  EXPECT_THAT(operations.remove, ElementsAre(marked));
}

TEST(Diff, ForwardingEntryWithAnotherDestinationIsReplaced) {
  const MacAddress mac = MacAddress::parse("aa:0f:f0:01:02:03").value();
  const FdbEntry old{.link = 3, .mac = mac, .destination = IpAddress::parse("10.0.0.1").value()};
  FdbEntry changed = old;
  changed.destination = IpAddress::parse("10.0.0.2").value();
  const auto operations = diff<FdbEntry>({changed}, {old});
  EXPECT_THAT(operations.put, ElementsAre(changed));
  EXPECT_THAT(operations.remove, IsEmpty());
}

// Few keys, so that entries meet, repeat and differ: against a look at every pair.
TEST(Diff, IsWhatALookAtEveryPairSays) {
  std::minstd_rand dice{5};
  const auto below = [&](unsigned bound) { return static_cast<unsigned>(dice() % bound); };
  const auto some = [&] {
    std::vector<Route> routes;
    for (unsigned i = below(12); i > 0; --i)
      routes.push_back(
          route(("10." + std::to_string(below(5)) + ".0.0/16").c_str(), 10 + below(2), 3 + below(2))
      );
    return routes;
  };
  for (unsigned round = 0; round < 2000; ++round) {
    const std::vector<Route> desired = some(), actual = some();
    const auto first = [](const std::vector<Route>& routes, const Route& like) {
      return std::ranges::find(routes, like.key(), &Route::key);
    };
    Operations<Route> expected;
    for (auto entry = desired.begin(); entry != desired.end(); ++entry)
      if (first(desired, *entry) == entry) {
        const auto old = first(actual, *entry);
        if (old == actual.end() || !(*old == *entry)) expected.put.push_back(*entry);
      }
    for (const Route& entry : actual)
      if (first(desired, entry) == desired.end()) expected.remove.push_back(entry);
    const Operations<Route> operations = diff(desired, actual);
    ASSERT_EQ(operations.put, expected.put) << round;
    ASSERT_EQ(operations.remove, expected.remove) << round;
  }
}

}  // namespace
}  // namespace raven::netlink
