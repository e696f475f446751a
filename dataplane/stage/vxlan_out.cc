// vxlan_out: puts VXLAN (RFC 7348) around packets for nodes of the local pool.
// SPDX-License-Identifier: Apache-2.0
//
// In: IP packets, Meta::target a node with a template.  Out: neighbour.
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {
namespace {

// Ports 49152..65535 by flow, so that receivers can spread (RFC 7348 section 5).
uint16_t source_port(const uint8_t* ip, uint8_t family) {
  uint64_t addresses[4] = {};
  if (family == 4)
    std::memcpy(addresses, wire::source_of(ip, 4), 8);
  else
    std::memcpy(addresses, wire::source_of(ip, 6), 32);
  const uint64_t mixed =
      (addresses[0] ^ addresses[1] ^ addresses[2] ^ addresses[3]) * 0x9e3779b97f4a7c15u;
  return static_cast<uint16_t>(0xc000 | mixed >> 50);
}

void encapsulate(Context& context, rte_mbuf* packet) {
  const Meta& info = meta(packet);
  const Node& node = context.topology->nodes[NodeIndex{info.target.index}];
  const uint16_t port = source_port(bytes_of(packet), info.family);
  uint8_t* bytes = add_front(packet, kVxlanOverhead);
  std::memcpy(bytes, node.vxlan_template.data(), kVxlanOverhead);
  auto& ip = *reinterpret_cast<wire::Ipv4*>(bytes);
  auto& udp = *reinterpret_cast<wire::Udp*>(bytes + sizeof(ip));
  auto& ethernet =
      *reinterpret_cast<wire::Ethernet*>(bytes + kVxlanOverhead - sizeof(wire::Ethernet));
  ip.total_length = Be16::from_host(packet->data_len);
  ip.checksum = checksum_update(ip.checksum, Be16::from_host(0), ip.total_length);
  udp.source_port = Be16::from_host(port);
  udp.length = Be16::from_host(static_cast<uint16_t>(packet->data_len - sizeof(ip)));
  ethernet.type = Be16::from_host(info.family == 4 ? wire::kEtherIpv4 : wire::kEtherIpv6);
  context.to(Stage::kNeighbour, packet);
}

}  // namespace

void vxlan_out(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) encapsulate(context, packet);
}

}  // namespace raven::dataplane::stage
