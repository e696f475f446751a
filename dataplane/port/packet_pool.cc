// The mempool behind PacketPool.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/packet_pool.h"

#include <fmt/format.h>
#include <rte_errno.h>

#include "dataplane/packet/meta.h"

namespace raven::dataplane {
namespace {

constexpr unsigned kCachePerLcore = 256;  // packets, so that a burst never meets the shared ring

}  // namespace

Result<std::unique_ptr<PacketPool>> PacketPool::create(
    const std::string& name, unsigned packets, unsigned frame_bytes_max
) {
  const unsigned room = RTE_ALIGN_CEIL(kHeadroom + frame_bytes_max + kTailroom, 64u);
  if (room > UINT16_MAX) {
    return Error{
        ErrorCode::kInvalid,
        fmt::format("frames of {} bytes do not fit into a packet buffer", frame_bytes_max)};
  }
  // As in mailbox.cc: threads that share CPUs must not wait for one that was preempted.
  rte_mempool* pool = rte_pktmbuf_pool_create_by_ops(
      name.c_str(), packets, kCachePerLcore, sizeof(Meta), static_cast<uint16_t>(room),
      SOCKET_ID_ANY, "ring_mt_rts"
  );
  if (pool == nullptr) {
    return errno_error(
        fmt::format(
            "reserve {} packet buffers of {} bytes (lower memory.packet_buffers or raise "
            "memory.size_mb)",
            packets, room
        ),
        rte_errno
    );
  }
  return std::unique_ptr<PacketPool>{new PacketPool{pool}};
}

PacketPool::~PacketPool() {
  rte_mempool_free(pool_);
}

unsigned PacketPool::size() const {
  return pool_->size;
}
unsigned PacketPool::available() const {
  return rte_mempool_avail_count(pool_);
}

}  // namespace raven::dataplane
