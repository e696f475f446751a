// Meta: what the stages know about a packet.  Lives in the private area behind each mbuf.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: travels with the packet; whoever has the mbuf has its Meta.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "dataplane/packet/ids.h"
#include "dataplane/packet/target.h"

namespace raven::dataplane {

enum class Drop : uint8_t;  // packet/drop.h

// Where a packet to be routed came from: decides what its source address may be.
enum class Origin : uint8_t {
  kWire,    // plain, from Meta::port; its Ethernet header is still in front of the data pointer
  kVxlan,   // from a node of the local pool that is no gateway box
  kTunnel,  // decrypted, from Meta::peer
  kKernel,  // raven0
  kSelf,    // an ICMP error, a probe or the answer to one
  kPoolGateway,  // VXLAN from another gateway box of the local pool
};

// What a packet from a mailbox is, hence where it enters the pipeline.
enum class Entry : uint8_t {
  kEspIn,        // inbound ESP for the worker that owns the SA
  kEspOut,       // an IP packet for Meta::peer: handed over, or a probe of our own
  kKernelIp,     // an IP packet from raven0
  kFragment,     // a frame with an outer fragment for the worker that puts it together
  kKernelFrame,  // a frame from the TAP of the owned port Meta::port
};

// Meta::port of a packet that leaves by raven0.
inline constexpr PortIndex kRaven0Port{static_cast<uint16_t>(kPortsMax)};

struct alignas(64) Meta {
  Origin origin = Origin::kWire;
  Entry entry = Entry::kKernelIp;
  PortIndex port;  // came in by; from the neighbour stage on: goes out by

  // The IP packet at the data pointer, as parse_ip() found it.
  uint8_t family = 4;       // 4 or 6
  uint8_t l4_protocol = 0;  // behind all extension headers
  uint16_t l4_offset = 0;   // from the IP header; 0: not in this packet (later fragment)

  // ESP in, until decrypted: from the data pointer; SPI to ICV.
  uint16_t esp_offset = 0;
  uint16_t esp_size = 0;

  PeerIndex peer;            // the tunnel it came from, from route on: goes to
  uint32_t tunnel_id = 0;    // of `peer`, in a mailbox: the slot may be another tunnel's by then
  uint16_t mtu = 0;          // largest IP packet towards the target, set by route
  AdjacencyIndex adjacency;  // next hop, set by whoever sends to the neighbour stage
  Target target;             // set by route

  Drop drop{};  // why, once it was dropped or answered with an ICMP error

  // The story of this packet while packets are traced (inspect/trace.h); session 0: none.
  uint32_t trace_session = 0;
  uint32_t trace_slot = 0;
};
static_assert(sizeof(Meta) == 64);

// No constructor runs on buffers: each stage writes the fields that the next ones read.
inline Meta& meta(rte_mbuf* packet) {
  return *static_cast<Meta*>(rte_mbuf_to_priv(packet));
}

}  // namespace raven::dataplane
