// ICMP errors about packets that cannot go on (RFC 792, RFC 1812 section 4.3.2, RFC 4443).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {

enum class IcmpError : uint8_t {
  kTimeExceeded,
  kTooBig,  // IPv4: fragmentation needed; tells Meta::mtu
};

// Drops the packet for `reason` and tells its sender, where the rules allow it: not about errors,
// later fragments, packets to or from groups, our own errors; not more than the rate limit.  The
// error is written into the packet's own buffer and enters route in the next pass.
// REQUIRES: the packet at the data pointer was parsed (Meta::family, l4_*).
void reject(Context& context, rte_mbuf* packet, Drop reason, IcmpError error);

}  // namespace raven::dataplane::stage
