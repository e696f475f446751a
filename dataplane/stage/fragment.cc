// fragment: fits packets to the MTU of their way: before encryption, so that each ESP packet is
// whole (RFC 4301 section 7).
// SPDX-License-Identifier: Apache-2.0
//
// In: routed packets that do not fit, and those of mss; Meta::mtu and target.  Out: esp_out,
// esp_fragment, vxlan_out, neighbour, raven0; drop with an ICMP error (IPv6, or IPv4 with DF).
// Makes more packets than it gets, now or in esp_fragment: what would exceed a burst waits in
// held_for_fragment for the next pass.
#include <algorithm>

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/esp_fragment.h"
#include "dataplane/stage/icmp_error.h"
#include "dataplane/stage/ipv4_fragments.h"
#include "dataplane/stage/next_stage.h"

namespace raven::dataplane::stage {
namespace {

void fragment_v4(Context& context, rte_mbuf* packet, uint32_t& room) {
  const Meta& info = meta(packet);
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(bytes_of(packet));
  const Ipv4Cut plan = plan_cut(ip, packet->data_len, info.mtu);
  // A fragment that ends beyond the largest packet: offsets of its pieces would run into the flags.
  if (ip.fragment_offset() + plan.payload_size > UINT16_MAX) {
    --room;
    return context.drop(packet, Drop::kMalformed);
  }
  if (plan.count > kBurst) {
    --room;
    return context.drop(packet, Drop::kMtu);
  }
  if (plan.count > room) return context.held_for_fragment.push(packet);
  room -= plan.count;
  std::array<rte_mbuf*, kBurst> later;
  if (rte_pktmbuf_alloc_bulk(context.setup.pool->raw(), later.data(), plan.count - 1) != 0)
    return context.drop(packet, Drop::kNoBuffer);
  cut(packet, plan, later.data());
  context.counters.generated.add(plan.count - 1);
  const Stage next = next_stage(context, info.target);
  context.to(next, packet);
  for (uint32_t i = 0; i + 1 < plan.count; ++i) context.to(next, later[i]);
}

// Told to send less than this, an IPv6 source may not listen (RFC 8200 section 5): a tunnel with a
// narrower path takes such packets all the same, in fragments behind ESP.
bool is_carried_in_fragments(const Meta& info, uint32_t size) {
  return info.family == 6 && info.target.kind == TargetKind::kRemotePool &&
         size <= wire::Ipv6::kMtuMin;
}

void refuse(Context& context, rte_mbuf* packet) {
  Meta& info = meta(packet);
  if (info.family == 6 && info.target.kind == TargetKind::kRemotePool)
    info.mtu = std::max(info.mtu, wire::Ipv6::kMtuMin);
  reject(context, packet, Drop::kMtu, IcmpError::kTooBig);
}

// `room`: packets that the lanes behind still take, the ends included.
void fit(Context& context, rte_mbuf* packet, uint32_t& room) {
  if (room == 0) return context.held_for_fragment.push(packet);
  const Meta& info = meta(packet);
  const bool fits = packet->data_len <= info.mtu;
  const bool may_cut =
      info.family == 4 && !reinterpret_cast<wire::Ipv4*>(bytes_of(packet))->dont_fragment();
  if (!fits && may_cut) return fragment_v4(context, packet, room);
  if (!fits && is_carried_in_fragments(info, packet->data_len)) {
    if (room < kEspFragmentsMax) return context.held_for_fragment.push(packet);
    room -= kEspFragmentsMax;
    return context.to(Stage::kEspFragment, packet);
  }
  --room;
  if (!fits) return refuse(context, packet);
  context.to(next_stage(context, info.target), packet);
}

}  // namespace

void fragment(Context& context, Lane& in) {
  uint32_t room = context.room_behind(Stage::kFragment);
  for (rte_mbuf* packet : in) fit(context, packet, room);
}

}  // namespace raven::dataplane::stage
