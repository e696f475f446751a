// RetryTimes: when a Gateway whose write failed may be tried again.  Doubling pauses with jitter,
// so that a broken object is no hot loop and does not hold up the others.  It begins shorter than
// kube::Backoff: the usual failure is a conflict, and over as soon as the watch shows the winner.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <string>

#include "common/base/clock.h"

namespace raven::controller {

class RetryTimes {
 public:
  explicit RetryTimes(uint64_t seed) : random_{seed} {}

  bool may_try(const std::string& key, Instant now) const;
  void succeeded(const std::string& key) { entries_.erase(key); }
  void failed(const std::string& key, Instant now);
  std::optional<Instant> next(Instant now) const;

 private:
  struct Entry {
    std::chrono::nanoseconds pause{};
    Instant due;
  };
  std::map<std::string, Entry> entries_;
  std::minstd_rand random_;
};

}  // namespace raven::controller
