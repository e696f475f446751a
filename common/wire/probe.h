// The path probe: one UDP payload, answered by the packet path of a gateway itself, so that an
// answer proves that the dataplane forwards.
// SPDX-License-Identifier: Apache-2.0
//
// Two uses, one format:
// - inside a tunnel (gateway to gateway): inner IPv4 UDP 169.254.82.1 -> 169.254.82.2, both ports
//   kProbePort.  It never leaves the two dataplanes: the receiver turns it around in its tunnel.
// - on the LAN (agent-lite to gateway): UDP to the gateway's node IP, kProbePort, answered only to
//   nodes of the local pool.
#pragma once

#include <cstdint>

#include "common/base/byte_order.h"

namespace raven {

inline constexpr uint32_t kProbeMagic = 0x52565052;              // "RVPR"
inline constexpr uint32_t kProbeTunnelSource = 0xa9fe5201;       // 169.254.82.1
inline constexpr uint32_t kProbeTunnelDestination = 0xa9fe5202;  // 169.254.82.2

// A request inside a tunnel may be padded, to find out how large a packet the path carries: then
// the high half of its sequence number is that size, the low half 0.  The answer is not padded.
inline constexpr unsigned kProbeSizeShift = 32;

enum class ProbeType : uint8_t { kRequest = 1, kReply = 2 };

// Bits of ProbePayload::flags in a reply.
inline constexpr uint8_t kProbeFlagForwarding = 1;  // at least one tunnel is up, or none is wanted

struct ProbePayload {
  Be32 magic;
  uint8_t version;  // 1
  uint8_t type;     // ProbeType
  uint8_t flags;
  uint8_t pad;
  Be64 sequence;     // of the sender, repeated in the reply; see kProbeSizeShift
  Be64 sent_cookie;  // the sender's own, repeated in the reply (a time stamp in any unit)
};
static_assert(sizeof(ProbePayload) == 24);

}  // namespace raven
