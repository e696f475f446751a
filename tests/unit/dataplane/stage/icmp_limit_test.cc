// How many ICMP errors leave, in all and for one destination.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/icmp_limit.h"

#include <gtest/gtest.h>

#include <set>

namespace raven::dataplane::test {
namespace {

constexpr uint64_t kHz = 1'000'000;

// Errors to host `number`, of those asked for.
unsigned ask(IcmpLimit& limit, uint32_t number, unsigned count, uint64_t now, uint64_t step = 0) {
  unsigned given = 0;
  for (unsigned i = 0; i < count; ++i, now += step)
    given += limit.take(reinterpret_cast<const uint8_t*>(&number), 4, now) ? 1 : 0;
  return given;
}

// Rule 37: refuses
TEST(IcmpLimit, Row37OneDestinationGetsTenASecond) {
  IcmpLimit limit{1, kHz};
  EXPECT_EQ(ask(limit, 1, 1000, kHz), 10u) << "at once";
  const unsigned in_ten_seconds = ask(limit, 1, 100'000, kHz, 100);
  EXPECT_GE(in_ten_seconds, 99u);
  EXPECT_LE(in_ten_seconds, 101u);
}

// Rule 37: refuses
TEST(IcmpLimit, Row37AllDestinationsTogetherGetAThousandASecond) {
  IcmpLimit limit{1, kHz};
  unsigned given = 0;
  uint64_t now = kHz;
  for (uint32_t i = 0; i < 100'000; ++i, now += 10) given += ask(limit, i % 10'000, 1, now);
  EXPECT_LE(given, IcmpLimit::kPerSecond + IcmpLimit::kBurst);
  EXPECT_GE(given, IcmpLimit::kPerSecond / 2);
}

// Rule 37: holds
TEST(IcmpLimit, Row37AFloodOfOneHostLeavesErrorsForTheOthers) {
  IcmpLimit limit{1, kHz};
  uint64_t now = kHz;
  unsigned others = 0;
  for (unsigned i = 0; i < 100'000; ++i, now += 10) {
    ask(limit, 1, 1, now);
    if (i % 10'000 == 0) others += ask(limit, 2 + i, 1, now);
  }
  EXPECT_GE(others, 9u) << "but for one that shares the bucket";
}

// CVE-2020-25705: the common budget is not the same each time.
// Rule 37: holds
TEST(IcmpLimit, Row37HowManyAreLeftCannotBeCounted) {
  std::set<unsigned> seen;
  for (int i = 0; i < 20; ++i) {
    IcmpLimit limit{1, kHz};
    unsigned given = 0;
    for (uint32_t host = 0; host < 500; ++host) given += ask(limit, host, 1, kHz);
    EXPECT_LE(given, IcmpLimit::kBurst);
    seen.insert(given);
  }
  EXPECT_GE(seen.size(), 2u);
}

}  // namespace
}  // namespace raven::dataplane::test
