// Meta: what the stages know about a packet.  Lives in the private area behind each mbuf.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: travels with the packet; whoever has the mbuf has its Meta.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/table/ids.h"
#include "dataplane/table/target.h"

namespace raven::dataplane {

class InboundSa;

// Where a packet to be routed came from: decides what its source address may be.
enum class Origin : uint8_t {
  kLan,     // plain or VXLAN, from a node of the own pool
  kTunnel,  // decrypted, from Meta::peer
  kKernel,  // raven0
  kSelf,    // an ICMP error of our own
};

// The stage at which a packet from a ring enters the pipeline.
enum class Entry : uint8_t {
  kEspIn,     // inbound ESP for the worker that owns the SA
  kRoute,     // an IP packet of Meta::origin (from raven0)
  kEspOut,    // an IP packet for Meta::peer (handed over, or a probe of our own)
  kTransmit,  // a complete frame for Meta::port (from the TAP of an owned port)
};

struct alignas(64) Meta {
  Origin origin = Origin::kLan;
  Entry entry = Entry::kRoute;
  uint8_t family = 4;        // of the IP packet at the data pointer: 4 or 6
  uint8_t l4_protocol = 0;   // behind all extension headers
  uint16_t l4_offset = 0;    // from the IP header; 0: not there (later fragment)
  uint16_t mtu = 0;          // largest IP packet towards the target
  PortIndex port{0};         // came in by, later: goes out by
  PeerIndex peer = kNoPeer;  // tunnel it came from or goes to
  AdjacencyIndex adjacency = kNoAdjacency;
  Target target;
  uint8_t outer_traffic_class = 0;  // of the packet that ESP came in, for RFC 6040
  bool is_fragment = false;         // first or later
  InboundSa* inbound_sa = nullptr;
  // ESP in: where the ESP header starts and what it came from, until decrypted.
  uint16_t esp_offset = 0;  // from the data pointer
  uint16_t esp_size = 0;    // ESP header to ICV
};
static_assert(sizeof(Meta) == 64);

inline Meta& meta(rte_mbuf* packet) {
  return *static_cast<Meta*>(rte_mbuf_to_priv(packet));
}
inline const Meta& meta(const rte_mbuf* packet) {
  return *static_cast<const Meta*>(rte_mbuf_to_priv(const_cast<rte_mbuf*>(packet)));
}

}  // namespace raven::dataplane
