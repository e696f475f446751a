// The probe request of a tunnel (common/wire/probe.h), as a packet for esp_out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/packet/ids.h"

namespace raven::dataplane {

// Writes the request into an empty packet buffer and sets its Meta.  The cookie is the TSC.
void write_probe_request(rte_mbuf* packet, PeerIndex peer, uint32_t tunnel_id, uint32_t sequence);

// The same with zeros behind it, up to `inner_size` bytes: padding for the receiver's ESP (RFC 4303
// section 2.7), a packet of `outer_size` bytes for the path.  What does not fit into the buffer is
// cut, so that the answer is missing.
void write_padded_probe_request(
    rte_mbuf* packet, PeerIndex peer, uint32_t tunnel_id, uint16_t outer_size, uint32_t inner_size
);

}  // namespace raven::dataplane
