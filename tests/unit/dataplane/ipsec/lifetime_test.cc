// Limits by packets, bytes and time.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/lifetime.h"

#include <gtest/gtest.h>

namespace raven::dataplane {
namespace {

using std::chrono::seconds;

const Instant kStart{seconds{1000}};

// Rule 57: holds
TEST(Lifetime, Row57WithoutLimitsNeverEnds) {
  Lifetime lifetime{{}, {}, kStart};
  for (int i = 0; i < 1000; ++i) lifetime.count(1500);
  lifetime.check_time(kStart + seconds{1'000'000});
  EXPECT_TRUE(lifetime.usable());
  EXPECT_FALSE(lifetime.take_events().soft);
  EXPECT_EQ(lifetime.packets(), 1000u);
  EXPECT_EQ(lifetime.bytes(), 1'500'000u);
}

// Rule 57: holds
TEST(Lifetime, Row57TellsTheSoftPacketLimitOnce) {
  Lifetime lifetime{{.packets = 3}, {}, kStart};
  lifetime.count(1);
  lifetime.count(1);
  EXPECT_FALSE(lifetime.take_events().soft);
  lifetime.count(1);
  EXPECT_TRUE(lifetime.take_events().soft);
  lifetime.count(1);
  EXPECT_FALSE(lifetime.take_events().soft);
  EXPECT_TRUE(lifetime.soft_reached());
  EXPECT_TRUE(lifetime.usable());
}

// Rule 57: refuses
TEST(Lifetime, Row57EndsAtTheHardPacketLimit) {
  Lifetime lifetime{{.packets = 2}, {.packets = 4}, kStart};
  for (int i = 0; i < 3; ++i) lifetime.count(1);
  EXPECT_TRUE(lifetime.usable());
  lifetime.count(1);
  EXPECT_FALSE(lifetime.usable());
  const LifetimeEvents events = lifetime.take_events();
  EXPECT_TRUE(events.soft);
  EXPECT_TRUE(events.hard);
  EXPECT_FALSE(lifetime.take_events().hard);
}

// Rule 57: refuses
TEST(Lifetime, Row57EndsAtTheHardByteLimit) {
  Lifetime lifetime{{.bytes = 1000}, {.bytes = 2000}, kStart};
  lifetime.count(999);
  EXPECT_FALSE(lifetime.soft_reached());
  lifetime.count(1);
  EXPECT_TRUE(lifetime.soft_reached());
  EXPECT_TRUE(lifetime.usable());
  lifetime.count(1500);
  EXPECT_FALSE(lifetime.usable());
}

TEST(Lifetime, Row57OnePacketMayPassBothByteLimits) {
  Lifetime lifetime{{.bytes = 10}, {.bytes = 20}, kStart};
  lifetime.count(1400);
  EXPECT_TRUE(lifetime.soft_reached());
  EXPECT_TRUE(lifetime.hard_reached());
}

// Rule 57: refuses
TEST(Lifetime, Row57EndsByTime) {
  Lifetime lifetime{{.seconds = 10}, {.seconds = 20}, kStart};
  lifetime.check_time(kStart + seconds{9});
  EXPECT_FALSE(lifetime.soft_reached());
  lifetime.check_time(kStart + seconds{10});
  EXPECT_TRUE(lifetime.take_events().soft);
  EXPECT_TRUE(lifetime.usable());
  lifetime.check_time(kStart + seconds{20});
  EXPECT_TRUE(lifetime.take_events().hard);
  EXPECT_FALSE(lifetime.usable());
}

TEST(Lifetime, IsNotConfusedByAClockBeforeItsStart) {
  Lifetime lifetime{{.seconds = 1}, {.seconds = 2}, kStart};
  lifetime.check_time(kStart - seconds{50});
  EXPECT_FALSE(lifetime.soft_reached());
}

TEST(Lifetime, NotesWhenItWasLastUsed) {
  Lifetime lifetime{{}, {}, kStart};
  lifetime.check_time(kStart + seconds{1});
  EXPECT_FALSE(lifetime.last_used().has_value());
  lifetime.count(1);
  lifetime.check_time(kStart + seconds{2});
  lifetime.check_time(kStart + seconds{3});
  EXPECT_EQ(lifetime.last_used(), kStart + seconds{2});
}

}  // namespace
}  // namespace raven::dataplane
