// fragment: fits packets to the MTU of their way: before encryption, so that each ESP packet is
// whole (RFC 4301 section 7).
// SPDX-License-Identifier: Apache-2.0
//
// In: routed packets that do not fit, and those of mss; Meta::mtu and target.  Out: esp_out,
// vxlan_out, neighbour, raven0; drop with an ICMP error (IPv6, or IPv4 with DF).  The only stage
// that makes more packets than it gets: what would exceed a burst waits in held_for_fragment for
// the next pass.
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/icmp_error.h"
#include "dataplane/stage/next_stage.h"

namespace raven::dataplane::stage {
namespace {

// How an IPv4 packet is cut.
struct Plan {
  uint32_t header_size;
  uint32_t payload_size;  // of the whole packet
  uint32_t step;          // payload of each fragment but the last
  uint32_t count;
};

Plan plan_fragments(const wire::Ipv4& ip, uint32_t size, uint16_t mtu) {
  Plan plan{};
  plan.header_size = ip.header_size();
  plan.payload_size = size - plan.header_size;
  plan.step = mtu > plan.header_size ? (mtu - plan.header_size) & ~7u : 0;
  plan.count = plan.step == 0 ? UINT32_MAX : (plan.payload_size + plan.step - 1) / plan.step;
  return plan;
}

// Header of a later fragment: the options whose "copied" bit is set (RFC 791 section 3.1).
uint32_t write_later_header(const uint8_t* first, uint32_t first_size, uint8_t* later) {
  std::memcpy(later, first, sizeof(wire::Ipv4));
  uint32_t size = sizeof(wire::Ipv4);
  for (uint32_t at = sizeof(wire::Ipv4); at < first_size && first[at] != 0;) {
    const uint32_t option_size = first[at] == 1 ? 1 : first[at + 1];  // parse_ip() checked them
    if ((first[at] & 0x80) != 0) {
      std::memcpy(later + size, first + at, option_size);
      size += option_size;
    }
    at += option_size;
  }
  while (size % 4 != 0) later[size++] = 0;
  later[0] = static_cast<uint8_t>(0x40 | size / 4);
  return size;
}

void finish_header(wire::Ipv4& ip, uint32_t size, uint32_t offset, bool more) {
  const uint32_t flags = (offset / 8) | (more ? uint32_t{wire::Ipv4::kMoreFragments} : 0u);
  ip.total_length = Be16::from_host(static_cast<uint16_t>(size));
  ip.fragment = Be16::from_host(static_cast<uint16_t>(flags));
  ip.checksum = Be16::from_host(0);
  ip.checksum = checksum_of(&ip, ip.header_size());
}

// Cuts `packet` into plan.count pieces: itself, and `later` ones.
void cut(rte_mbuf* packet, const Plan& plan, rte_mbuf** later) {
  uint8_t* bytes = bytes_of(packet);
  auto& ip = *reinterpret_cast<wire::Ipv4*>(bytes);
  const uint32_t base = ip.fragment_offset();  // it may be a fragment itself
  const bool more_follow = (ip.fragment.host() & wire::Ipv4::kMoreFragments) != 0;
  for (uint32_t i = 1; i < plan.count; ++i) {
    rte_mbuf* piece = later[i - 1];
    const uint32_t at = i * plan.step;
    const bool last = i + 1 == plan.count;
    const uint32_t payload = last ? plan.payload_size - at : plan.step;
    const uint32_t header = write_later_header(bytes, plan.header_size, bytes_of(piece));
    std::memcpy(bytes_of(piece) + header, bytes + plan.header_size + at, payload);
    set_size(piece, header + payload);
    meta(piece) = meta(packet);
    meta(piece).l4_offset = 0;
    auto& piece_ip = *reinterpret_cast<wire::Ipv4*>(bytes_of(piece));
    finish_header(piece_ip, header + payload, base + at, !last || more_follow);
  }
  set_size(packet, plan.header_size + plan.step);
  finish_header(ip, packet->data_len, base, true);
}

void fragment_v4(Context& context, rte_mbuf* packet, uint32_t& room) {
  const Meta& info = meta(packet);
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(bytes_of(packet));
  const Plan plan = plan_fragments(ip, packet->data_len, info.mtu);
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

// `room`: packets that the lanes behind still take, the ends included.
void fit(Context& context, rte_mbuf* packet, uint32_t& room) {
  if (room == 0) return context.held_for_fragment.push(packet);
  const Meta& info = meta(packet);
  const bool fits = packet->data_len <= info.mtu;
  const bool may_cut =
      info.family == 4 && !reinterpret_cast<wire::Ipv4*>(bytes_of(packet))->dont_fragment();
  if (!fits && may_cut) return fragment_v4(context, packet, room);
  --room;
  if (!fits) return reject(context, packet, Drop::kMtu, IcmpError::kTooBig);
  context.to(next_stage(context, info.target), packet);
}

}  // namespace

void fragment(Context& context, Lane& in) {
  uint32_t room = kBurst;
  for (std::size_t i = static_cast<std::size_t>(Stage::kFragment) + 1; i < kStageCount; ++i)
    room -= context.lanes[i].count;
  for (rte_mbuf* packet : in) fit(context, packet, room);
}

}  // namespace raven::dataplane::stage
