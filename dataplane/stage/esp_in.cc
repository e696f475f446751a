// esp_in: SA lookup, replay check, decryption, inner checks for a burst.
// SPDX-License-Identifier: Apache-2.0
//
// In: outer IP packets, Meta::esp_offset/esp_size.  Out: route or probe (inner packet at the data
// pointer, Meta::peer the tunnel), another worker's mailbox, drop.
#include "dataplane/ipsec/esp_in.h"

#include <array>

#include "common/wire/probe.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/enter_route.h"

namespace raven::dataplane::stage {
namespace {

struct Prepared {
  rte_mbuf* packet;
  const SadEntry* entry;
};

uint8_t outer_traffic_class(const uint8_t* outer) {
  if (outer[0] >> 4 == 4) return reinterpret_cast<const wire::Ipv4*>(outer)->tos;
  return reinterpret_cast<const wire::Ipv6*>(outer)->traffic_class();
}

// True if the packet has a place in the burst; else it went to a lane.
bool prepare(Context& context, rte_mbuf* packet, Prepared& prepared) {
  const Meta& info = meta(packet);
  uint8_t* outer = bytes_of(packet);
  uint8_t* esp = outer + info.esp_offset;
  const EspSpi spi = read_spi(esp, info.esp_size);
  if (spi.verdict != EspVerdict::kOk) {
    context.drop(packet, spi.verdict);
    return false;
  }
  const SadEntry* entry = context.sad->find(spi.spi.value());
  if (entry == nullptr) {
    context.drop(packet, EspVerdict::kSpiUnknown);
    return false;
  }
  // After a restart the IKE daemon is often back before the agent has named the peers.
  if (entry->peer == kNoPeer) [[unlikely]] {
    context.drop(packet, Drop::kUnknownPeer);
    return false;
  }
  if (entry->worker != context.setup.worker) {
    context.hand_over(packet, entry->worker, Entry::kEspIn);
    return false;
  }
  const EspVerdict verdict =
      context.esp_in.prepare(*entry->sa, {esp, info.esp_size, outer_traffic_class(outer)});
  if (verdict != EspVerdict::kOk) {
    context.drop(packet, verdict);
    return false;
  }
  prepared = {packet, entry};
  return true;
}

// The outer header is still in front of what was decrypted.
bool is_from(const OuterAddresses& known, const uint8_t* outer, unsigned esp_offset) {
  const uint8_t* source = known.source.bytes().data();
  if (known.source.is_v4()) {
    const uint8_t* seen = wire::source_of(outer, 4);
    if (outer[0] >> 4 != 4 || load<uint32_t>(seen) != load<uint32_t>(source)) return false;
  } else if (std::memcmp(wire::source_of(outer, 6), source, 16) != 0) {
    return false;
  }
  if (!known.udp_encapsulated()) return true;
  const auto& udp = *reinterpret_cast<const wire::Udp*>(outer + esp_offset - sizeof(wire::Udp));
  return udp.source_port.host() == known.source_port;
}

// For a packet that is_from() somewhere else.  The UDP header is not authenticated: it may be gone,
// or new, and then there is no port to tell.
void report_moved(Context& context, rte_mbuf* packet, const SadEntry& entry) {
  const uint8_t* outer = bytes_of(packet);
  const bool v4 = outer[0] >> 4 == 4;
  const uint8_t protocol = v4 ? reinterpret_cast<const wire::Ipv4*>(outer)->protocol
                              : reinterpret_cast<const wire::Ipv6*>(outer)->next_header;
  const bool in_udp = protocol == wire::kUdp;
  if (in_udp != entry.sa->outer().udp_encapsulated()) return;
  MovedPeer seen;
  seen.spi = entry.spi;
  seen.address = v4 ? IpAddress::v4_bytes(wire::source_of(outer, 4))
                    : IpAddress::v6_bytes(wire::source_of(outer, 6));
  if (in_udp) {
    const unsigned udp_offset = meta(packet).esp_offset - unsigned{sizeof(wire::Udp)};
    seen.port = reinterpret_cast<const wire::Udp*>(outer + udp_offset)->source_port.host();
  }
  context.moved_peers.report(seen);
}

// A path probe between two gateways: it never leaves the two dataplanes.
bool is_tunnel_probe(const uint8_t* inner, const Meta& info) {
  if (info.family != 4 || info.l4_protocol != wire::kUdp) return false;
  const uint32_t destination = host_to_big(load<uint32_t>(wire::destination_of(inner, 4)));
  return destination == kProbeTunnelSource || destination == kProbeTunnelDestination;
}

void finish(Context& context, const Prepared& prepared, std::size_t position) {
  rte_mbuf* packet = prepared.packet;
  const EspInResult result = context.esp_in.finish(position);
  if (result.verdict != EspVerdict::kOk) return context.drop(packet, result.verdict);
  Meta& info = meta(packet);
  const SadEntry& entry = *prepared.entry;
  if (result.newest && !is_from(entry.sa->outer(), bytes_of(packet), info.esp_offset)) [[unlikely]]
    report_moved(context, packet, entry);
  place(packet, result.data, result.size);
  info.origin = Origin::kTunnel;
  info.peer = entry.peer;
  // The ICV vouches for the header as the sender made it, EspIn has looked at its checksum.
  if (!read_inner(context, packet, HeaderChecksum::kTrust)) return;
  context.to(is_tunnel_probe(result.data, info) ? Stage::kProbe : Stage::kRoute, packet);
}

// A burst of large packets is more than the first-level cache holds.
constexpr std::size_t kPrefetchAhead = 4;

}  // namespace

void esp_in(Context& context, Lane& in) {
  std::array<Prepared, kBurst> prepared;
  std::size_t count = 0;
  for (rte_mbuf* packet : in)
    if (prepare(context, packet, prepared[count])) ++count;
  if (count == 0) return;
  context.esp_in.run();
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kPrefetchAhead < count) context.esp_in.prefetch(i + kPrefetchAhead);
    finish(context, prepared[i], i);
  }
  context.esp_in.clear();
}

}  // namespace raven::dataplane::stage
