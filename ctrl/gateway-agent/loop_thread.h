// LoopThread: an event loop with a thread of its own, for work that may block on a peer.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: start() and stop() from one thread; everything that is posted runs on the new one.
#pragma once

#include <functional>
#include <thread>

#include "common/event/loop.h"

namespace raven::gateway_agent {

class LoopThread {
 public:
  LoopThread() = default;
  ~LoopThread() { stop(); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  event::Loop& loop() { return loop_; }
  // `first` runs first on the new thread.
  void start(std::function<void()> first) {
    loop_.post(std::move(first));
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  // Returns when the thread has ended; what it was doing is finished first.
  void stop() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  event::Loop loop_;
  std::thread thread_;
};

}  // namespace raven::gateway_agent
