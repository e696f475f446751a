// Heartbeats are judged by what we saw change, on our own clock.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/heartbeat.h"

#include <gtest/gtest.h>

namespace raven::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HeartbeatsTest : public ::testing::Test {
 protected:
  void renew(const std::string& node) {
    beats_.see(node, node, "renewal " + std::to_string(++renewals_), seconds{4}, now_);
  }
  Pulse pulse(const std::string& node) const { return beats_.pulse(node, now_); }

  Heartbeats beats_;
  Instant now_{seconds{1000}};
  int renewals_ = 0;
};

TEST_F(HeartbeatsTest, ABoxWithoutALeaseHasNoPulse) {
  EXPECT_EQ(pulse("a"), Pulse::kNone);
}

TEST_F(HeartbeatsTest, ALeaseSeenOnceIsUnprovenAndThenStale) {
  renew("a");
  EXPECT_EQ(pulse("a"), Pulse::kUnproven);
  now_ += seconds{4};
  EXPECT_EQ(pulse("a"), Pulse::kStale);
}

TEST_F(HeartbeatsTest, ARenewedLeaseIsFreshThenAgingThenStale) {
  renew("a");
  now_ += seconds{1};
  renew("a");
  EXPECT_EQ(pulse("a"), Pulse::kFresh);
  now_ += milliseconds{2001};
  EXPECT_EQ(pulse("a"), Pulse::kAging);
  now_ += milliseconds{1999};
  EXPECT_EQ(pulse("a"), Pulse::kStale);
}

TEST_F(HeartbeatsTest, SeeingTheSameRenewalAgainDoesNotKeepABoxAlive) {
  renew("a");
  now_ += seconds{1};
  beats_.see("a", "a", "renewal 1", seconds{4}, now_);
  now_ += seconds{3};
  beats_.see("a", "a", "renewal 1", seconds{4}, now_);
  EXPECT_EQ(pulse("a"), Pulse::kStale);
}

TEST_F(HeartbeatsTest, ARenewTimeThatGoesBackwardsIsStillASignOfLife) {
  beats_.see("a", "a", "2030-01-01T00:00:00.000000Z", seconds{4}, now_);
  now_ += seconds{1};
  beats_.see("a", "a", "1999-01-01T00:00:00.000000Z", seconds{4}, now_);
  EXPECT_EQ(pulse("a"), Pulse::kFresh);
}

TEST_F(HeartbeatsTest, ALeaseWithoutAHolderIsStaleAtOnce) {
  renew("a");
  now_ += seconds{1};
  renew("a");
  beats_.see("a", "", "renewal 3", seconds{4}, now_);
  EXPECT_EQ(pulse("a"), Pulse::kStale);
}

TEST_F(HeartbeatsTest, ADeletedLeaseLeavesNoPulse) {
  renew("a");
  beats_.forget("a");
  EXPECT_EQ(pulse("a"), Pulse::kNone);
}

TEST_F(HeartbeatsTest, TheSilenceOfAllDoesNotKillTheBoxThatSpeaksLast) {
  for (int i = 0; i < 3; ++i, now_ += seconds{1}) {
    renew("a");
    renew("b");
  }
  now_ += seconds{60};  // the API server was away
  renew("b");
  EXPECT_EQ(pulse("b"), Pulse::kFresh);
  EXPECT_EQ(pulse("a"), Pulse::kUnproven);
  now_ += seconds{1};
  renew("a");
  EXPECT_EQ(pulse("a"), Pulse::kFresh);
}

TEST_F(HeartbeatsTest, ABoxGetsTheBenefitOfASilenceOnlyOnce) {
  for (int i = 0; i < 3; ++i, now_ += seconds{1}) {
    renew("a");
    renew("b");
  }
  // Box b renews so slowly that each gap looks like a silence of all.
  for (int i = 0; i < 3; ++i) {
    now_ += milliseconds{2500};
    renew("b");
  }
  EXPECT_EQ(pulse("a"), Pulse::kStale);
}

TEST_F(HeartbeatsTest, WhatWasStaleBeforeTheSilenceStaysStale) {
  renew("a");
  for (int i = 0; i < 6; ++i, now_ += seconds{1}) renew("b");
  ASSERT_EQ(pulse("a"), Pulse::kStale);
  now_ += seconds{60};
  renew("b");
  EXPECT_EQ(pulse("a"), Pulse::kStale);
}

TEST_F(HeartbeatsTest, TellsWhenAPulseWillChangeByItself) {
  EXPECT_EQ(beats_.next_change(now_), std::nullopt);
  renew("a");
  now_ += seconds{1};
  renew("a");
  const auto first = beats_.next_change(now_);
  ASSERT_TRUE(first);
  now_ = *first;
  EXPECT_EQ(pulse("a"), Pulse::kAging);
  const auto second = beats_.next_change(now_);
  ASSERT_TRUE(second);
  now_ = *second;
  EXPECT_EQ(pulse("a"), Pulse::kStale);
  EXPECT_EQ(beats_.next_change(now_), std::nullopt);
}

}  // namespace
}  // namespace raven::controller
