// Cutting an IPv4 packet into fragments (RFC 791 section 3.2).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/packet/wire.h"

namespace raven::dataplane::stage {

// How a packet is cut.
struct Ipv4Cut {
  uint32_t header_size;
  uint32_t payload_size;  // of the whole packet
  uint32_t step;          // payload of each fragment but the last
  uint32_t count;         // of fragments; UINT32_MAX: nothing fits
};

Ipv4Cut plan_cut(const wire::Ipv4& ip, uint32_t size, uint32_t mtu);

// Cuts `packet`, whose IPv4 header is at its data pointer, into plan.count pieces: itself, and the
// plan.count - 1 empty ones of `later`, which get its Meta.
void cut(rte_mbuf* packet, const Ipv4Cut& plan, rte_mbuf** later);

}  // namespace raven::dataplane::stage
