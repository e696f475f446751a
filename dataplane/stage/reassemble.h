// The IPv6 fragment header of outer packets (RFC 8200 section 4.5).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

namespace raven::dataplane::stage {

// Takes it out of a frame, which has it right behind the IPv6 header, and makes the packet
// `payload_size` bytes behind the IPv6 header.
void take_fragment_header_out(rte_mbuf* frame, uint32_t payload_size);

}  // namespace raven::dataplane::stage
