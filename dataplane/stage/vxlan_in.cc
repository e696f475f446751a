// vxlan_in: takes VXLAN (RFC 7348) off frames of nodes of the local pool.
// SPDX-License-Identifier: Apache-2.0
//
// In: outer IP packets, UDP to the VXLAN port, length checked.  Out: route, drop.
// VXLAN has no authentication: only nodes that control has named, only on LAN ports (classify).
#include "common/wire/raven.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/enter_route.h"

namespace raven::dataplane::stage {
namespace {

struct Inner {
  wire::Vxlan vxlan;
  wire::Ethernet ethernet;
};

bool is_to_us(const wire::Ethernet& ethernet, const MacAddress& own) {
  return own.is_zero() || std::memcmp(ethernet.destination, own.bytes.data(), 6) == 0;
}

void decapsulate(Context& context, rte_mbuf* packet) {
  const Meta& info = meta(packet);
  const uint8_t* outer = bytes_of(packet);
  const NodeTable& nodes = context.topology->nodes;
  const PoolNode sender = info.family == 4 ? nodes.find_v4(wire::source_of(outer, 4))
                                           : nodes.find_v6(wire::source_of(outer, 6));
  if (sender == PoolNode::kStranger) return context.drop(packet, Drop::kVxlanPeer);

  const uint32_t offset = info.l4_offset + static_cast<uint32_t>(sizeof(wire::Udp));
  const auto* vxlan = view_at<wire::Vxlan>(outer, packet->data_len, offset);
  if (vxlan == nullptr || (vxlan->flags & wire::Vxlan::kVniFlag) == 0)
    return context.drop(packet, Drop::kVxlanFlags);
  if (vxlan->vni_reserved.host() >> 8 != kVxlanVni) return context.drop(packet, Drop::kVxlanVni);
  const auto* inner = view_at<Inner>(outer, packet->data_len, offset);
  if (inner == nullptr || !is_to_us(inner->ethernet, context.box->overlay_mac()))
    return context.drop(packet, Drop::kVxlanInner);
  const uint16_t type = inner->ethernet.type.host();
  if (type != wire::kEtherIpv4 && type != wire::kEtherIpv6)
    return context.drop(packet, Drop::kVxlanInner);

  strip_front(packet, offset + static_cast<uint32_t>(sizeof(Inner)));
  meta(packet).origin = sender == PoolNode::kGateway ? Origin::kPoolGateway : Origin::kVxlan;
  enter_route(context, packet, HeaderChecksum::kVerify);
}

}  // namespace

void vxlan_in(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) decapsulate(context, packet);
}

}  // namespace raven::dataplane::stage
