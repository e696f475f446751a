// esp_fragment: encrypts packets that are larger than their path, and cuts the ESP packets.
// SPDX-License-Identifier: Apache-2.0
//
// In: IPv6 packets, Meta::peer; the fragment stage keeps room for kEspFragmentsMax pieces of each.
// Out: neighbour, or as esp_out: another worker's mailbox, drop.  No IPv6 source has to send
// packets of less than 1280 bytes (RFC 8200 section 5), so a tunnel with a narrower path has to
// carry them in fragments (RFC 2473 section 7.1, RFC 4301 section 7).  The far end puts them
// together before ESP.
#include "dataplane/stage/esp_fragment.h"

#include <rte_random.h>

#include <algorithm>
#include <array>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/ipv4_fragments.h"

namespace raven::dataplane::stage {
namespace {

// Routers may cut the pieces again.
void clear_df(Context& context, wire::Ipv4& ip) {
  if (!ip.dont_fragment()) return;
  ip.fragment = Be16::from_host(0);
  ip.identification = Be16::from_host(context.esp_out.next_identification());
}

void finish_v6(rte_mbuf* packet, uint32_t offset, bool more) {
  auto& outer = *reinterpret_cast<wire::FragmentedIpv6*>(bytes_of(packet));
  outer.ip.payload_length =
      Be16::from_host(static_cast<uint16_t>(packet->data_len - sizeof(outer.ip)));
  outer.fragment.offset_flags = Be16::from_host(static_cast<uint16_t>(offset | (more ? 1u : 0u)));
}

// A fragment header between the outer IPv6 header and the rest (RFC 8200 section 4.5).
void cut_v6(rte_mbuf* packet, uint32_t step, uint32_t count, rte_mbuf** later) {
  const uint32_t payload_size = packet->data_len - uint32_t{sizeof(wire::Ipv6)};
  uint8_t* front = add_front(packet, sizeof(wire::Ipv6Fragment));
  std::memmove(front, front + sizeof(wire::Ipv6Fragment), sizeof(wire::Ipv6));
  auto& outer = *reinterpret_cast<wire::FragmentedIpv6*>(front);
  outer.fragment = {};
  outer.fragment.next_header = outer.ip.next_header;
  outer.fragment.identification = Be32::from_host(static_cast<uint32_t>(rte_rand()));
  outer.ip.next_header = wire::kFragment;
  for (uint32_t i = 1; i < count; ++i) {
    rte_mbuf* piece = later[i - 1];
    const uint32_t at = i * step;
    const uint32_t size = std::min(step, payload_size - at);
    std::memcpy(bytes_of(piece), front, sizeof(wire::FragmentedIpv6));
    std::memcpy(
        bytes_of(piece) + sizeof(wire::FragmentedIpv6), front + sizeof(wire::FragmentedIpv6) + at,
        size
    );
    set_size(piece, uint32_t{sizeof(wire::FragmentedIpv6)} + size);
    meta(piece) = meta(packet);
    finish_v6(piece, at, i + 1 < count);
  }
  set_size(packet, uint32_t{sizeof(wire::FragmentedIpv6)} + step);
  finish_v6(packet, 0, true);
}

// For IPv6 only step and count.
Ipv4Cut plan_outer(rte_mbuf* packet, uint32_t mtu) {
  const uint8_t* outer = bytes_of(packet);
  if (outer[0] >> 4 == 4)
    return plan_cut(*reinterpret_cast<const wire::Ipv4*>(outer), packet->data_len, mtu);
  constexpr uint32_t kHeaders = sizeof(wire::FragmentedIpv6);
  Ipv4Cut plan{};
  plan.step = mtu > kHeaders ? (mtu - kHeaders) & ~7u : 0;
  const uint32_t payload_size = packet->data_len - uint32_t{sizeof(wire::Ipv6)};
  plan.count = plan.step == 0 ? UINT32_MAX : (payload_size + plan.step - 1) / plan.step;
  return plan;
}

void cut_outer(Context& context, rte_mbuf* packet, uint32_t mtu) {
  const Ipv4Cut plan = plan_outer(packet, mtu);
  if (plan.count > kEspFragmentsMax) return context.drop(packet, Drop::kMtu);
  std::array<rte_mbuf*, kEspFragmentsMax - 1> later;
  if (rte_pktmbuf_alloc_bulk(context.setup.pool->raw(), later.data(), plan.count - 1) != 0)
    return context.drop(packet, Drop::kNoBuffer);
  if (bytes_of(packet)[0] >> 4 == 4) {
    clear_df(context, *reinterpret_cast<wire::Ipv4*>(bytes_of(packet)));
    cut(packet, plan, later.data());
  } else {
    cut_v6(packet, plan.step, plan.count, later.data());
  }
  context.counters.generated.add(plan.count - 1);
  context.to(Stage::kNeighbour, packet);
  for (uint32_t i = 0; i + 1 < plan.count; ++i) context.to(Stage::kNeighbour, later[i]);
}

}  // namespace

void esp_fragment(Context& context, Lane& in) {
  const PeerTable& peers = context.setup.tables->peers;
  Lane& out = context.lane(Stage::kNeighbour);
  const uint32_t before = out.count;
  esp_out(context, in);
  Lane encrypted;  // what it has put behind the others
  encrypted.count = out.count - before;
  std::copy_n(out.packets.begin() + before, encrypted.count, encrypted.packets.begin());
  out.count = before;
  for (rte_mbuf* packet : encrypted) {
    const uint32_t mtu = peers[meta(packet).peer].outer_mtu.load(std::memory_order_relaxed);
    if (packet->data_len <= mtu)
      context.to(Stage::kNeighbour, packet);
    else
      cut_outer(context, packet, mtu);
  }
}

}  // namespace raven::dataplane::stage
