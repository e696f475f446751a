// Copying of packets that must not be written to.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/plain_packet.h"

#include <cstring>

#include "dataplane/packet/mbuf.h"
#include "dataplane/port/packet_pool.h"

namespace raven::dataplane {

rte_mbuf* copy_plain(rte_mbuf* packet, PacketPool& pool) {
  rte_mbuf* copy = pool.take();
  if (copy == nullptr) return nullptr;
  if (packet->pkt_len + kTailroom > rte_pktmbuf_tailroom(copy)) {
    rte_pktmbuf_free(copy);
    return nullptr;
  }
  uint32_t size = 0;
  for (const rte_mbuf* segment = packet; segment != nullptr; segment = segment->next) {
    std::memcpy(
        bytes_of(copy) + size, rte_pktmbuf_mtod(segment, const uint8_t*), segment->data_len
    );
    size += segment->data_len;
  }
  set_size(copy, size);
  rte_pktmbuf_free(packet);
  return copy;
}

}  // namespace raven::dataplane
