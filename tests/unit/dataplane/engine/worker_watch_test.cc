// Is a worker alive, and how busy, from two looks at its counters.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/worker_watch.h"

#include <gtest/gtest.h>

namespace raven::dataplane {
namespace {

TEST(WorkerWatch, ComputesRatesOfTheTimeBetweenTwoLooks) {
  WorkerWatch watch{1};
  WorkerCounters counters;
  const Instant start{};
  counters.loops.add(1);
  watch.look(0, counters, start);
  counters.loops.add(10);
  counters.cycles_idle.add(750);
  counters.cycles_busy.add(250);
  counters.packets.add(5);
  watch.look(0, counters, start + std::chrono::milliseconds{500});
  EXPECT_TRUE(watch.rates(0).alive);
  EXPECT_DOUBLE_EQ(watch.rates(0).busy_ratio, 0.25);
  EXPECT_DOUBLE_EQ(watch.rates(0).cycles_per_packet, 50);
  EXPECT_DOUBLE_EQ(watch.rates(0).packets_per_second, 10);
}

TEST(WorkerWatch, NoticesAWorkerThatStandsStillAndThatItMovesAgain) {
  WorkerWatch watch{2};
  WorkerCounters moving, still;
  Instant now{};
  for (int look = 0; look < 2; ++look, now += std::chrono::seconds{1}) {
    moving.loops.add(1);
    watch.look(0, moving, now);
    watch.look(1, still, now);
  }
  EXPECT_TRUE(watch.rates(0).alive);
  EXPECT_FALSE(watch.rates(1).alive);
  EXPECT_FALSE(watch.all_alive());
  still.loops.add(1);
  watch.look(1, still, now);
  EXPECT_TRUE(watch.all_alive());
}

TEST(WorkerWatch, AssumesTheBestBeforeTheSecondLook) {
  WorkerWatch watch{1};
  EXPECT_TRUE(watch.all_alive());
  WorkerCounters counters;
  watch.look(0, counters, Instant{});
  EXPECT_TRUE(watch.all_alive());
}

}  // namespace
}  // namespace raven::dataplane
