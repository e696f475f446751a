// Loop: one thread, file descriptors, timers and posted work.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: everything runs on the thread that calls run(); only post() and stop() may be called
// from other threads.  Timers are on CLOCK_BOOTTIME.  Callbacks may add and remove freely.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "common/base/clock.h"
#include "common/base/unique_fd.h"

namespace raven::event {

using TimerId = uint64_t;

class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Calls `ready` while the descriptor is readable.  The caller keeps owning it and removes it
  // before closing it.
  void add_reader(int fd, std::function<void()> ready);
  void remove_reader(int fd);

  // Calls `expired` once.  A timer that has fired or was cancelled is forgotten.
  TimerId call_after(std::chrono::nanoseconds delay, std::function<void()> expired);
  // Calls `expired` every `period`, the first time after one period.
  TimerId call_every(std::chrono::nanoseconds period, std::function<void()> expired);
  void cancel(TimerId timer);

  // From any thread: runs `work` on the loop's thread.
  void post(std::function<void()> work);

  // Until stop().
  void run();
  // From any thread and from signal-safe places that post() is not: ends run() soon.
  void stop();

 private:
  struct Timer {
    std::chrono::nanoseconds period{0};  // 0: once
    std::function<void()> expired;
  };
  using Deadline = std::pair<Instant, TimerId>;

  void run_posted();
  void run_timers();
  int wait_ms() const;
  void wake();
  TimerId add_timer(std::chrono::nanoseconds delay, Timer timer);

  UniqueFd epoll_;
  UniqueFd wakeup_;
  std::map<int, std::function<void()>> readers_;
  std::map<TimerId, Timer> timers_;
  std::map<Deadline, TimerId> deadlines_;
  std::map<TimerId, Instant> due_;
  TimerId next_timer_ = 1;

  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // any thread: w, under mutex_
  bool stopping_ = false;                      // any thread: w, under mutex_
};

// Debounce: many marks, one call.  The work runs `quiet` after the first mark, so that a burst of
// events gives one pass, and never later than that under a steady stream.
class Debounce {
 public:
  Debounce(Loop& loop, std::chrono::nanoseconds quiet, std::function<void()> work)
      : loop_{loop}, quiet_{quiet}, work_{std::move(work)} {}
  // On the loop's thread.
  void mark();

 private:
  Loop& loop_;
  std::chrono::nanoseconds quiet_;
  std::function<void()> work_;
  bool marked_ = false;
};

}  // namespace raven::event
