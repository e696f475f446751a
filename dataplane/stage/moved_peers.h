// MovedPeers: tells control that authentic, newest packets of an SA come from another address.
// SPDX-License-Identifier: Apache-2.0
//
// RFC 7296 section 2.23: a peer behind a NAT may move; the packet path only reports it, control
// decides (sa_socket.h RAVEN_SA_MAPPING).  A ring for one worker and one control thread; when it is
// full the report is lost and the next packet makes it again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "common/base/ip.h"

namespace raven::dataplane {

struct MovedPeer {
  uint32_t spi = 0;  // of the inbound SA
  IpAddress address;
  uint16_t port = 0;  // 0: not UDP encapsulated
};

class MovedPeers {
 public:
  void report(const MovedPeer& moved) {  // worker
    const uint32_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_.load(std::memory_order_acquire) == kSize) return;
    slots_[head % kSize] = moved;
    head_.store(head + 1, std::memory_order_release);
  }
  std::optional<MovedPeer> take() {  // control
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return std::nullopt;
    const MovedPeer moved = slots_[tail % kSize];
    tail_.store(tail + 1, std::memory_order_release);
    return moved;
  }

 private:
  static constexpr uint32_t kSize = 16;
  std::array<MovedPeer, kSize> slots_;
  std::atomic<uint32_t> head_{0};  // worker: wo   control: ro
  std::atomic<uint32_t> tail_{0};  // worker: ro   control: wo
};

}  // namespace raven::dataplane
