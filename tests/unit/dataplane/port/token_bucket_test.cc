// TokenBucket: a burst at once, then the rate.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/token_bucket.h"

#include <gtest/gtest.h>

namespace raven::dataplane {
namespace {

constexpr uint64_t kHz = 1000000;

TEST(TokenBucket, GivesABurstThenTheRate) {
  TokenBucket bucket{100, 10, kHz};
  uint64_t now = 5 * kHz;
  int taken = 0;
  for (int i = 0; i < 50; ++i) taken += bucket.take(now) ? 1 : 0;
  EXPECT_EQ(taken, 10);
  taken = 0;
  for (int i = 0; i < 1000; ++i) taken += bucket.take(now += kHz / 1000) ? 1 : 0;
  EXPECT_EQ(taken, 100);
}

TEST(TokenBucket, SavesNoMoreThanItsDepth) {
  TokenBucket bucket{100, 10, kHz};
  ASSERT_TRUE(bucket.take(kHz));
  int taken = 0;
  for (int i = 0; i < 50; ++i) taken += bucket.take(1000 * kHz) ? 1 : 0;
  EXPECT_EQ(taken, 10);
}

}  // namespace
}  // namespace raven::dataplane
