// Limits of an SA: found by counting on the worker, by the clock on a control thread.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/lifetime.h"

namespace raven::dataplane {
namespace {

constexpr bool reached(uint64_t limit, uint64_t value) {
  return limit != 0 && value >= limit;
}

// The nearest of two limits that `value` has not reached.
uint64_t next_limit(uint64_t soft, uint64_t hard, uint64_t value) {
  uint64_t next = UINT64_MAX;
  for (const uint64_t limit : {soft, hard})
    if (limit > value && limit < next) next = limit;
  return next;
}

}  // namespace

Lifetime::Lifetime(const LifetimeLimits& soft, const LifetimeLimits& hard, const LifetimePast& past)
    : packets_{past.packets},
      bytes_{past.bytes},
      soft_{soft},
      hard_{hard},
      created_{past.created},
      packets_noted_{past.packets} {
  reach_limit(past.packets, past.bytes);
}

void Lifetime::reach_limit(uint64_t packets, uint64_t bytes) {
  uint32_t flags = 0;
  if (reached(soft_.packets, packets) || reached(soft_.bytes, bytes)) flags |= kSoft;
  if (reached(hard_.packets, packets) || reached(hard_.bytes, bytes)) flags |= kHard;
  flags_.fetch_or(flags, std::memory_order_relaxed);
  next_packets_ = next_limit(soft_.packets, hard_.packets, packets);
  next_bytes_ = next_limit(soft_.bytes, hard_.bytes, bytes);
}

void Lifetime::check_time(Instant now) {
  const uint64_t count = packets();
  if (count != packets_noted_) last_used_ = now;
  packets_noted_ = count;

  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - created_).count();
  const uint64_t seconds = age > 0 ? static_cast<uint64_t>(age) : 0;
  uint32_t flags = 0;
  if (reached(soft_.seconds, seconds)) flags |= kSoft;
  if (reached(hard_.seconds, seconds)) flags |= kHard;
  if (flags != 0) flags_.fetch_or(flags, std::memory_order_relaxed);
}

LifetimeEvents Lifetime::take_events() {
  const uint32_t flags = flags_.load(std::memory_order_relaxed);
  const LifetimeEvents events{
      .soft = (flags & (kSoft | kSoftTold)) == kSoft,
      .hard = (flags & (kHard | kHardTold)) == kHard,
  };
  const uint32_t told = (events.soft ? kSoftTold : 0) | (events.hard ? kHardTold : 0);
  if (told != 0) flags_.fetch_or(told, std::memory_order_relaxed);
  return events;
}

}  // namespace raven::dataplane
