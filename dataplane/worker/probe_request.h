// The probe request of a tunnel (common/dpapi/probe.h), as a packet for esp_out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/table/ids.h"

namespace raven::dataplane {

// Writes the request into an empty packet buffer and sets its Meta.  The cookie is the TSC.
void write_probe_request(rte_mbuf* packet, PeerIndex peer, uint32_t tunnel_id, uint32_t sequence);

}  // namespace raven::dataplane
