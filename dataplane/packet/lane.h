// Lane: up to a burst of packets between two stages.  Owns the mbufs in it.
// SPDX-License-Identifier: Apache-2.0
//
// No more than kBurst packets are in the pipeline at a time (the fragment stage holds back what
// would exceed it), so no lane can overflow: asserted, not handled.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cassert>
#include <cstdint>

namespace raven::dataplane {

inline constexpr uint16_t kBurst = 64;

struct Lane {
  std::array<rte_mbuf*, kBurst> packets;  // the first `count` are valid
  uint32_t count = 0;                     // 16 bits would take longer from store to load

  void push(rte_mbuf* packet) {
    assert(count < kBurst);
    packets[count++] = packet;
  }
  rte_mbuf** begin() { return packets.data(); }
  rte_mbuf** end() { return packets.data() + count; }
  bool empty() const { return count == 0; }
  void clear() { count = 0; }
};

}  // namespace raven::dataplane
