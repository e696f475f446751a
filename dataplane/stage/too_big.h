// TooBig: tells control that a router could not pass on an ESP packet of ours.
// SPDX-License-Identifier: Apache-2.0
//
// RFC 4301 section 8.2.1.  The message itself has no authentication: the packet path reports what
// it quotes, control believes it only if the SPI, the destination and the sequence number are
// those of an SA that sent it, and then no more than it has to (decide/path_mtu.h).
#pragma once

#include <cstdint>

#include "common/base/ip.h"
#include "dataplane/stage/report_ring.h"

namespace raven::dataplane {

struct Context;
struct IpView;

struct TooBig {
  IpAddress peer;  // where the quoted packet was going
  uint32_t spi = 0;
  uint32_t sequence = 0;     // the low half, as on the wire
  uint32_t mtu = 0;          // 0: a router from before RFC 1191 does not say
  uint32_t quoted_size = 0;  // of the IP packet that was too big
};

using TooBigs = ReportRing<TooBig>;

namespace stage {

// An ICMP or ICMPv6 packet for this box, which goes on to the kernel.
void note_if_too_big(Context& context, const uint8_t* ip, const IpView& view);

}  // namespace stage
}  // namespace raven::dataplane
