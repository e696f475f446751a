// What is inside an authentic tunnel-mode ESP packet: padding, next header, inner IP header, ECN.
// SPDX-License-Identifier: Apache-2.0
//
// The peer's key holder wrote these bytes, but still nothing in them is believed unchecked.
#pragma once

#include <cstdint>

#include "common/base/ip.h"
#include "dataplane/ipsec/esp_verdict.h"

namespace raven::dataplane {

struct InnerPacket {
  uint32_t size;  // of the IP packet, which may be shorter than the text (TFC padding)
  EspVerdict verdict;
  IpFamily family;
};

// Checks the plaintext of `text_size` bytes (>= 2), trailer included.  The IP packet starts at
// `text`.  A congestion mark of the outer header is carried over into it (RFC 6040 section 4.2).
// Verdicts: kOk, kPad, kNextHeader, kDummy, kInnerMalformed, kEcn.
InnerPacket open_inner(uint8_t* text, uint32_t text_size, uint8_t outer_traffic_class);

}  // namespace raven::dataplane
