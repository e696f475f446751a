// ChangeSignal: lets a test wait until something that another thread changes has come true.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace raven::test {

// Long: a test that fails may take its time, and machines are slow.
inline constexpr std::chrono::seconds kPatience{40};

class ChangeSignal {
 public:
  // Something may have changed.
  void raise() {
    { const std::lock_guard lock{mutex_}; }
    changed_.notify_all();
  }

  // False: still not true when patience ended.  Also looks by itself ten times a second, for what
  // changes by time alone.
  template <class Condition>
  bool wait_for(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::unique_lock lock{mutex_};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      changed_.wait_for(lock, std::chrono::milliseconds{100});
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace raven::test
