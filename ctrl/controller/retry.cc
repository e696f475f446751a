// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/retry.h"

#include <algorithm>

namespace raven::controller {
namespace {

constexpr std::chrono::nanoseconds kPauseMin = std::chrono::milliseconds{100};
constexpr std::chrono::nanoseconds kPauseMax = std::chrono::seconds{30};

}  // namespace

bool RetryTimes::may_try(const std::string& key, Instant now) const {
  const auto entry = entries_.find(key);
  return entry == entries_.end() || entry->second.due <= now;
}

void RetryTimes::failed(const std::string& key, Instant now) {
  Entry& entry = entries_[key];
  entry.pause = std::clamp(entry.pause * 2, kPauseMin, kPauseMax);
  const auto jitter = std::uniform_int_distribution<int64_t>{0, entry.pause.count() / 4}(random_);
  entry.due = now + entry.pause + std::chrono::nanoseconds{jitter};
}

std::optional<Instant> RetryTimes::next(Instant now) const {
  std::optional<Instant> earliest;
  for (const auto& [key, entry] : entries_)
    if (entry.due > now && (!earliest || entry.due < *earliest)) earliest = entry.due;
  return earliest;
}

}  // namespace raven::controller
