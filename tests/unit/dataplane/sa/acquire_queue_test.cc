// The queue of tunnels that want keys: its rate, its order.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/acquire_queue.h"

#include <gtest/gtest.h>

namespace raven::dataplane {
namespace {

constexpr unsigned kShare = AcquireQueue::kPerInterval;

class AcquireQueueTest : public testing::Test {
 protected:
  // How many come in this interval.
  unsigned drain() {
    unsigned taken = 0;
    while (queue.take(now)) ++taken;
    return taken;
  }
  void add(uint32_t tunnel) { queue.add(TunnelId{tunnel}); }

  AcquireQueue queue;
  Instant now = BootClock::now();
};

TEST_F(AcquireQueueTest, LetsNoMoreThanAShareThroughInAnInterval) {
  for (uint32_t tunnel = 1; tunnel <= 2 * kShare + 3; ++tunnel) add(tunnel);
  EXPECT_EQ(drain(), kShare);
  now += AcquireQueue::kInterval / 2;
  EXPECT_EQ(drain(), 0u);
  now += AcquireQueue::kInterval / 2;
  EXPECT_EQ(drain(), kShare);
  now += 100 * AcquireQueue::kInterval;
  EXPECT_EQ(drain(), 3u) << "time without requests saves nothing up";
  for (uint32_t tunnel = 1; tunnel <= 2 * kShare; ++tunnel) add(tunnel);
  EXPECT_EQ(drain(), kShare - 3);
}

TEST_F(AcquireQueueTest, KeepsEachTunnelOnceAndInItsPlace) {
  add(1);
  add(2);
  add(1);
  EXPECT_EQ(queue.waiting(), 2u);
  EXPECT_EQ(queue.take(now), TunnelId{1});
  add(1);
  EXPECT_EQ(queue.take(now), TunnelId{2});
  EXPECT_EQ(queue.take(now), TunnelId{1});
  EXPECT_EQ(queue.take(now), std::nullopt);
}

TEST_F(AcquireQueueTest, TriesWhatFoundNoRoomFirstInTheNextInterval) {
  add(1);
  add(2);
  const auto first = queue.take(now);
  queue.put_back(*first);
  EXPECT_EQ(queue.take(now), std::nullopt);
  EXPECT_EQ(queue.waiting(), 2u);
  now += AcquireQueue::kInterval;
  EXPECT_EQ(queue.take(now), TunnelId{1});
  EXPECT_EQ(queue.take(now), TunnelId{2});
}

}  // namespace
}  // namespace raven::dataplane
