// Lifetime: counters of one SA and its soft and hard limits by packets, bytes and time.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one worker counts, one control thread looks at the clock and takes the events; any
// thread may read.  The worker never reads a clock.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "common/base/clock.h"

namespace raven::dataplane {

// 0: no limit.
struct LifetimeLimits {
  uint64_t packets = 0;
  uint64_t bytes = 0;  // that went through the cipher: inner packet, padding, trailer
  uint64_t seconds = 0;
};

// What was counted before, for an SA that is taken over.
struct LifetimePast {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  Instant created;
};

struct LifetimeEvents {
  bool soft = false;  // re-key now
  bool hard = false;  // the SA is unusable
};

class Lifetime {
 public:
  Lifetime(const LifetimeLimits& soft, const LifetimeLimits& hard, const LifetimePast& past);
  Lifetime(const LifetimeLimits& soft, const LifetimeLimits& hard, Instant created)
      : Lifetime{soft, hard, LifetimePast{.created = created}} {}

  // Owner worker: false once a hard limit is reached.
  bool usable() const { return (flags_.load(std::memory_order_relaxed) & kHard) == 0; }

  // Owner worker: one packet has been processed.
  void count(uint32_t cipher_bytes) {
    const uint64_t packets = packets_.load(std::memory_order_relaxed) + 1;
    const uint64_t bytes = bytes_.load(std::memory_order_relaxed) + cipher_bytes;
    packets_.store(packets, std::memory_order_relaxed);
    bytes_.store(bytes, std::memory_order_relaxed);
    if (packets >= next_packets_ || bytes >= next_bytes_) [[unlikely]]
      reach_limit(packets, bytes);
  }

  // Control thread, about once a second: applies limits by time and notes use.
  void check_time(Instant now);
  // Control thread: limits reached since the last call.  Each is told once.
  LifetimeEvents take_events();

  uint64_t packets() const { return packets_.load(std::memory_order_relaxed); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  bool soft_reached() const { return (flags_.load(std::memory_order_relaxed) & kSoft) != 0; }
  bool hard_reached() const { return !usable(); }
  Instant created() const { return created_; }
  // Control thread: to the precision of check_time(); nothing if never used.
  std::optional<Instant> last_used() const { return last_used_; }

 private:
  static constexpr uint32_t kSoft = 1, kHard = 2, kSoftTold = 4, kHardTold = 8;

  void reach_limit(uint64_t packets, uint64_t bytes);

  // Written by the worker, except flags_ (both).
  std::atomic<uint64_t> packets_;
  std::atomic<uint64_t> bytes_;
  uint64_t next_packets_ = 0;  // the nearest limit that was not reached yet
  uint64_t next_bytes_ = 0;
  std::atomic<uint32_t> flags_{0};

  const LifetimeLimits soft_;
  const LifetimeLimits hard_;
  const Instant created_;
  // Control thread only.
  uint64_t packets_noted_ = 0;
  std::optional<Instant> last_used_;
};

}  // namespace raven::dataplane
