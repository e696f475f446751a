// Plain packets: one buffer of our pool with no other holder, as ESP needs it to work in place.
// SPDX-License-Identifier: Apache-2.0
//
// Drivers and rings may also hand over packets in several segments, shared ones (reference count
// above 1), clones of other buffers and buffers of external memory.  Writing into those would
// change what another holder still reads.
// Threading: the worker that received the packet.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

namespace raven::dataplane {

class PacketPool;

inline bool is_plain(const rte_mbuf* packet) {
  constexpr uint64_t kForeign = RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
  return rte_mbuf_refcnt_read(packet) == 1 && packet->nb_segs == 1 &&
         (packet->ol_flags & kForeign) == 0;
}

// The same bytes in a buffer of `pool` of its own; the other holders of `packet` keep it as it is.
// nullptr: no buffer is free, or it does not fit into one; then `packet` is still the caller's.
rte_mbuf* copy_plain(rte_mbuf* packet, PacketPool& pool);

}  // namespace raven::dataplane
