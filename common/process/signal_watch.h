// SignalWatch: SIGTERM and SIGINT as an event of the loop.
// SPDX-License-Identifier: Apache-2.0
//
// REQUIRES: Program::parse() has blocked the signals before any thread was started.
#pragma once

#include <functional>

#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "common/event/loop.h"

namespace raven::process {

class SignalWatch {
 public:
  // `terminate` is called on the loop's thread for SIGTERM and SIGINT; SIGHUP calls `reload`, or
  // nothing when that is empty.
  SignalWatch(
      event::Loop& loop, std::function<void()> terminate, std::function<void()> reload = {}
  );
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void read_signal();
  event::Loop& loop_;
  std::function<void()> terminate_, reload_;
  UniqueFd fd_;
};

}  // namespace raven::process
