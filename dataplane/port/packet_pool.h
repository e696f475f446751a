// PacketPool: the packet buffers of a dataplane.  Each has room for ESP before and behind, and a
// Meta in its private area.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: take() and freeing from any EAL or other thread (slower without an lcore id).
#pragma once

#include <rte_mbuf.h>

#include <memory>
#include <string>

#include "common/base/result.h"

namespace raven::dataplane {

// In front of a frame: outer IPv6 + UDP + ESP + IV, or outer IPv4 + UDP + VXLAN + Ethernet.
inline constexpr uint16_t kHeadroom = RTE_PKTMBUF_HEADROOM;
static_assert(kHeadroom >= 128);
// Behind it: padding, trailer, ICV, and what 16-byte stores may spill.
inline constexpr uint16_t kTailroom = 96;

class PacketPool {
 public:
  // `frame_bytes_max`: the largest Ethernet frame of any port.
  static Result<std::unique_ptr<PacketPool>> create(
      const std::string& name, unsigned packets, unsigned frame_bytes_max
  );
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  // nullptr: exhausted.
  rte_mbuf* take() { return rte_pktmbuf_alloc(pool_); }
  rte_mempool* raw() const { return pool_; }
  unsigned size() const;
  unsigned available() const;  // exact only when nobody uses the pool

 private:
  explicit PacketPool(rte_mempool* pool) : pool_{pool} {}
  rte_mempool* pool_;
};

}  // namespace raven::dataplane
