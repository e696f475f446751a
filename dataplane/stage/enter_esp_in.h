// An outer packet for this box, on its way into the esp_in stage.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {

// REQUIRES: a frame, whose IP packet is `view` and has ESP at `esp_offset`.
inline void enter_esp_in(
    Context& context, rte_mbuf* packet, const IpView& view, unsigned esp_offset
) {
  Meta& info = meta(packet);
  strip_front(packet, sizeof(wire::Ethernet));
  info.esp_offset = static_cast<uint16_t>(esp_offset);
  info.esp_size = static_cast<uint16_t>(view.size - esp_offset);
  context.to(Stage::kEspIn, packet);
}

// Makes the packet as long as its datagram; false: that lies not within it.
inline bool cut_to_datagram(IpView& view, const wire::Udp& udp) {
  const unsigned udp_size = udp.length.host();
  if (udp_size < sizeof(udp) || view.l4_offset + udp_size > view.size) return false;
  view.size = static_cast<uint16_t>(view.l4_offset + udp_size);
  return true;
}

// UDP 4500 (RFC 3948 section 2.2): ESP unless the first four bytes are the non-ESP marker.
// REQUIRES: cut_to_datagram().
inline void enter_natt(Context& context, rte_mbuf* packet, const IpView& view, const uint8_t* ip) {
  const unsigned payload_offset = view.l4_offset + static_cast<unsigned>(sizeof(wire::Udp));
  const unsigned payload_size = view.size - payload_offset;
  const uint8_t* payload = ip + payload_offset;
  if (payload_size == 1 && payload[0] == 0xff) return context.drop(packet, Drop::kNattKeepalive);
  if (payload_size < 4) return context.drop(packet, Drop::kNattPort);
  if (load<uint32_t>(payload) == 0) return context.to(Stage::kPunt, packet);  // IKE
  enter_esp_in(context, packet, view, payload_offset);
}

}  // namespace raven::dataplane::stage
