// ReportRing: what the packet path tells control, one worker to one control thread.  When it is
// full the report is lost, and the next packet makes it again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

namespace raven::dataplane {

template <class T>
class ReportRing {
 public:
  void report(const T& report) {  // worker
    const uint32_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_.load(std::memory_order_acquire) == kSize) return;
    slots_[head % kSize] = report;
    head_.store(head + 1, std::memory_order_release);
  }
  std::optional<T> take() {  // control
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return std::nullopt;
    const T report = slots_[tail % kSize];
    tail_.store(tail + 1, std::memory_order_release);
    return report;
  }

 private:
  static constexpr uint32_t kSize = 16;
  std::array<T, kSize> slots_;
  std::atomic<uint32_t> head_{0};  // worker: wo   control: ro
  std::atomic<uint32_t> tail_{0};  // worker: ro   control: wo
};

}  // namespace raven::dataplane
