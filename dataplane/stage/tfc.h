// Traffic-flow-confidentiality padding (RFC 4303 section 2.7): zeros behind the inner packet.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstring>

#include "dataplane/packet/mbuf.h"
#include "dataplane/port/packet_pool.h"

namespace raven::dataplane {

// Up to `size` bytes, or what the buffer has room for.
[[gnu::noinline]] inline void pad_for_tfc(rte_mbuf* packet, uint32_t size) {
  const uint32_t room = rte_pktmbuf_tailroom(packet);
  const uint32_t most = packet->data_len + (room > kTailroom ? room - kTailroom : 0u);
  const uint32_t padded = std::min(size, most);
  if (padded <= packet->data_len) return;
  std::memset(bytes_of(packet) + packet->data_len, 0, padded - packet->data_len);
  set_size(packet, padded);
}

}  // namespace raven::dataplane
