// probe: answers path probes of peers and nodes, notes the answers to our own (probe.h).
// SPDX-License-Identifier: Apache-2.0
//
// In: IP packets with UDP to the probe addresses or port; Meta::origin kTunnel or kWire (then the
// Ethernet header is still in front).  Out: esp_out, transmit, drop.
#include "common/wire/probe.h"

#include <rte_cycles.h>

#include <utility>

#include "common/wire/raven.h"
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {
namespace {

struct ProbePacket {
  wire::Udp udp;
  ProbePayload payload;
};

constexpr uint8_t kVersion = 1;

bool is_well_formed(const ProbePacket* probe) {
  return probe != nullptr && probe->udp.destination_port.host() == kProbePort &&
         probe->udp.length.host() == sizeof(ProbePacket) &&
         probe->payload.magic.host() == kProbeMagic && probe->payload.version == kVersion &&
         (probe->payload.type == static_cast<uint8_t>(ProbeType::kRequest) ||
          probe->payload.type == static_cast<uint8_t>(ProbeType::kReply));
}

uint32_t ip_size(const uint8_t* ip, uint8_t family) {
  if (family == 4) return reinterpret_cast<const wire::Ipv4*>(ip)->total_length.host();
  const auto& header = *reinterpret_cast<const wire::Ipv6*>(ip);
  return static_cast<uint32_t>(sizeof(header)) + header.payload_length.host();
}

template <std::size_t N>
void swap_bytes_of(uint8_t (&a)[N], uint8_t (&b)[N]) {
  for (std::size_t i = 0; i < N; ++i) std::swap(a[i], b[i]);
}

// Turns the packet around; the IP header checksum does not change by that.
void turn_around(const Context& context, uint8_t* ip, uint8_t family, ProbePacket& probe) {
  uint64_t sum;
  if (family == 4) {
    auto& header = *reinterpret_cast<wire::Ipv4*>(ip);
    swap_bytes_of(header.source, header.destination);
    sum = pseudo_header_sum(header.source, 4, wire::kUdp, sizeof(probe));
  } else {
    auto& header = *reinterpret_cast<wire::Ipv6*>(ip);
    swap_bytes_of(header.source, header.destination);
    sum = pseudo_header_sum(header.source, 16, wire::kUdp, sizeof(probe));
  }
  std::swap(probe.udp.source_port, probe.udp.destination_port);
  probe.payload.type = static_cast<uint8_t>(ProbeType::kReply);
  const bool forwarding = context.setup.tables->forwarding.load(std::memory_order_relaxed);
  probe.payload.flags = forwarding ? kProbeFlagForwarding : uint8_t{0};
  probe.udp.checksum = Be16::from_host(0);
  probe.udp.checksum = checksum_of(&probe, sizeof(probe), sum);
  if (probe.udp.checksum.raw() == 0) probe.udp.checksum = Be16::from_host(0xffff);  // RFC 768
}

// Several sizes may be under way, and answers come to any worker: the largest counts.
void note_size(PeerSlot& slot, uint32_t size) {
  uint32_t before = slot.padded_answer.load(std::memory_order_relaxed);
  while (before < size && !slot.padded_answer.compare_exchange_weak(before, size)) {
  }
}

// The cookie is our TSC at sending.
void note_answer(Context& context, PeerIndex peer, const ProbePayload& payload) {
  PeerSlot& slot = context.setup.tables->peers[peer];
  const uint64_t sequence = payload.sequence.host();
  if (const uint64_t size = sequence >> kProbeSizeShift; size != 0)
    return note_size(slot, static_cast<uint32_t>(size));
  const uint64_t cycles = rte_rdtsc() - payload.sent_cookie.host();
  const uint64_t rtt_us = cycles * 1000000 / rte_get_tsc_hz();
  ProbeAnswer answer;
  answer.sequence = static_cast<uint32_t>(sequence);
  answer.rtt_us = static_cast<uint32_t>(std::min<uint64_t>(rtt_us, UINT32_MAX));
  slot.probe_answer.store(answer.packed(), std::memory_order_relaxed);
  slot.probe_answers.fetch_add(1, std::memory_order_relaxed);
}

void tunnel_probe(Context& context, rte_mbuf* packet, ProbePacket& probe) {
  Meta& info = meta(packet);
  if (probe.payload.type == static_cast<uint8_t>(ProbeType::kReply)) {
    note_answer(context, info.peer, probe.payload);
    return context.drop(packet, Drop::kProbeAnswer);
  }
  turn_around(context, bytes_of(packet), info.family, probe);
  info.origin = Origin::kSelf;
  context.to(Stage::kEspOut, packet);  // back into the tunnel it came from
}

void lan_probe(Context& context, rte_mbuf* packet, ProbePacket& probe) {
  const Meta& info = meta(packet);
  const NodeTable& nodes = context.topology->nodes;
  uint8_t* ip = bytes_of(packet);
  // Classify has cut it to what UDP says: with more behind it the answer would be cut short.
  if (ip_size(ip, info.family) != packet->data_len)
    return context.drop(packet, Drop::kProbeMalformed);
  const uint8_t* source = wire::source_of(ip, info.family);
  const PoolNode sender = info.family == 4 ? nodes.find_v4(source) : nodes.find_v6(source);
  if (sender == PoolNode::kStranger ||
      probe.payload.type != static_cast<uint8_t>(ProbeType::kRequest))
    return context.drop(packet, Drop::kProbePeer);
  turn_around(context, ip, info.family, probe);
  auto& ethernet = *reinterpret_cast<wire::Ethernet*>(add_front(packet, sizeof(wire::Ethernet)));
  swap_bytes_of(ethernet.source, ethernet.destination);
  context.to(Stage::kTransmit, packet);
}

}  // namespace

void probe(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) {
    const Meta& info = meta(packet);
    auto* view = view_at<ProbePacket>(bytes_of(packet), packet->data_len, info.l4_offset);
    if (info.l4_offset == 0 || !is_well_formed(view))
      context.drop(packet, Drop::kProbeMalformed);
    else if (info.origin == Origin::kTunnel)
      tunnel_probe(context, packet, *view);
    else
      lan_probe(context, packet, *view);
  }
}

}  // namespace raven::dataplane::stage
