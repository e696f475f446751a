// The event loop: order of timers, cancelling, posting, readers.
// SPDX-License-Identifier: Apache-2.0
#include "common/event/loop.h"

#include <gtest/gtest.h>

#include <thread>

namespace raven::event {
namespace {

using std::chrono::milliseconds;

TEST(Loop, RunsTimersInOrderOfTheirDeadlines) {
  Loop loop;
  std::string order;
  loop.call_after(milliseconds{20}, [&] { order += 'b', loop.stop(); });
  loop.call_after(milliseconds{1}, [&] { order += 'a'; });
  loop.run();
  EXPECT_EQ(order, "ab");
}

TEST(Loop, DoesNotRunACancelledTimer) {
  Loop loop;
  bool ran = false;
  const TimerId timer = loop.call_after(milliseconds{1}, [&] { ran = true; });
  loop.call_after(milliseconds{0}, [&] { loop.cancel(timer); });
  loop.call_after(milliseconds{5}, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(Loop, LetsAPeriodicTimerCancelItself) {
  Loop loop;
  int count = 0;
  TimerId timer = 0;
  timer = loop.call_every(milliseconds{1}, [&] {
    if (++count == 3) loop.cancel(timer);
  });
  loop.call_after(milliseconds{30}, [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(count, 3);
}

TEST(Loop, RunsPostedWorkOnItsOwnThread) {
  Loop loop;
  std::thread::id ran_on;
  std::jthread other{[&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  }};
  loop.run();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(Loop, CallsAReaderUntilItIsRemoved) {
  Loop loop;
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const UniqueFd reader{fds[0]}, writer{fds[1]};
  ASSERT_EQ(write(writer.get(), "xy", 2), 2);
  std::string got;
  loop.add_reader(reader.get(), [&] {
    char c;
    ASSERT_EQ(read(reader.get(), &c, 1), 1);
    got += c;
    if (got.size() < 2) return;
    loop.remove_reader(reader.get());
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(got, "xy");
}

TEST(Debounce, TurnsManyMarksIntoOneCall) {
  Loop loop;
  int calls = 0;
  Debounce debounce{loop, milliseconds{5}, [&] {
                      ++calls;
                      loop.stop();
                    }};
  for (int i = 0; i < 10; ++i) debounce.mark();
  loop.run();
  EXPECT_EQ(calls, 1);
  debounce.mark();
  loop.run();
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace raven::event
