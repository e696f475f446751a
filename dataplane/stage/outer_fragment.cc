// Reading of fragments, and headers of the whole.
// SPDX-License-Identifier: Apache-2.0
//
// Taken: ESP, and UDP to port 4500 that is not IKE.  All other fragments are the kernel's.  IPv6
// fragment headers only right behind the IPv6 header, as tunnel packets have no other extensions.
#include "dataplane/stage/outer_fragment.h"

#include <rte_cycles.h>

#include <cstring>

#include "common/dpapi/probe.h"
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"

namespace raven::dataplane::stage {
namespace {

constexpr uint32_t kIpSizeMax = 65535;

struct OuterV6 {
  wire::Ipv6 ip;
  wire::Ipv6Fragment fragment;
};

Fragment read_v4(const wire::Ipv4& ip) {
  Fragment piece;
  std::memcpy(piece.key.source.data(), ip.source, sizeof(ip.source));
  std::memcpy(piece.key.destination.data(), ip.destination, sizeof(ip.destination));
  piece.key.identification = ip.identification.host();
  piece.key.protocol = ip.protocol;
  piece.payload_at = static_cast<uint32_t>(sizeof(wire::Ethernet)) + ip.header_size();
  piece.offset = ip.fragment_offset();
  piece.size = ip.total_length.host() - ip.header_size();
  piece.more = (ip.fragment.host() & wire::Ipv4::kMoreFragments) != 0;
  piece.ecn = ip.tos & 3;
  return piece;
}

Fragment read_v6(const OuterV6& outer) {
  Fragment piece;
  piece.key.family = 6;
  std::memcpy(piece.key.source.data(), outer.ip.source, sizeof(outer.ip.source));
  std::memcpy(piece.key.destination.data(), outer.ip.destination, sizeof(outer.ip.destination));
  piece.key.identification = outer.fragment.identification.host();
  piece.key.protocol = outer.fragment.next_header;
  piece.payload_at = sizeof(wire::Ethernet) + sizeof(outer);
  piece.offset = outer.fragment.offset_flags.host() & 0xfff8u;
  piece.size = outer.ip.payload_length.host() - static_cast<uint32_t>(sizeof(wire::Ipv6Fragment));
  piece.more = (outer.fragment.offset_flags.host() & 1) != 0;
  piece.ecn = outer.ip.traffic_class() & 3;
  return piece;
}

void finish_v4(rte_mbuf* packet, const Reassembly::Result& whole) {
  auto& ip = *reinterpret_cast<wire::Ipv4*>(bytes_of(packet) + sizeof(wire::Ethernet));
  ip.total_length = Be16::from_host(static_cast<uint16_t>(ip.header_size() + whole.payload_size));
  ip.fragment = Be16::from_host(0);
  if (whole.congested) ip.tos |= 3;
  ip.checksum = Be16::from_host(0);
  ip.checksum = checksum_of(&ip, ip.header_size());
}

// Takes the fragment header out.
void finish_v6(rte_mbuf* packet, uint32_t payload_size, bool congested) {
  uint8_t* frame = bytes_of(packet);
  auto& outer = *reinterpret_cast<OuterV6*>(frame + sizeof(wire::Ethernet));
  outer.ip.next_header = outer.fragment.next_header;
  outer.ip.payload_length = Be16::from_host(static_cast<uint16_t>(payload_size));
  if (congested)
    outer.ip.version_class_flow = Be32::from_host(outer.ip.version_class_flow.host() | 3u << 20);
  std::memmove(frame + sizeof(outer.fragment), frame, sizeof(wire::Ethernet) + sizeof(wire::Ipv6));
  strip_front(packet, sizeof(outer.fragment));
}

// What the first fragment says about all.
enum class Owner { kOurs, kKernel, kNobody };

Owner owner_of(const uint8_t* payload, const Fragment& piece) {
  if (piece.key.protocol == wire::kEsp) return Owner::kOurs;
  struct Start {
    wire::Udp udp;
    Be32 marker;
  };
  if (piece.size < sizeof(Start)) return Owner::kNobody;
  const auto& start = *reinterpret_cast<const Start*>(payload);
  const uint16_t port = start.udp.destination_port.host();
  if (port == wire::kPortVxlan || port == kProbePort)
    return Owner::kNobody;  // RFC 7348 section 4.3
  return port == wire::kPortNatt && start.marker.host() != 0 ? Owner::kOurs : Owner::kKernel;
}

// RFC 8200 section 4.5, RFC 791: all but the last are multiples of 8 bytes.
bool is_plausible(const Fragment& piece) {
  return piece.size > 0 && (!piece.more || piece.size % 8 == 0) &&
         piece.payload_at - sizeof(wire::Ethernet) + piece.offset + piece.size <= kIpSizeMax;
}

void collect(Context& context, rte_mbuf* packet, Fragment piece) {
  if (piece.key.protocol != wire::kEsp && piece.key.protocol != wire::kUdp)
    return context.to(Stage::kPunt, packet);
  if (!is_plausible(piece)) return context.drop(packet, Drop::kOuterMalformed);
  const WorkerId worker{
      static_cast<uint16_t>(piece.key.identification % context.setup.worker_count)};
  if (worker != context.setup.worker) return context.hand_over(packet, worker, Entry::kFragment);
  if (piece.offset == 0) {
    const Owner owner = owner_of(bytes_of(packet) + piece.payload_at, piece);
    if (owner == Owner::kNobody) return context.drop(packet, Drop::kOuterFragment);
    piece.kernels = owner == Owner::kKernel;
  }
  const Reassembly::Result result =
      context.reassembly.add(context.counters, packet, piece, rte_rdtsc());
  if (result.outcome == Reassembly::Outcome::kKernels) return context.to(Stage::kPunt, packet);
  if (result.outcome == Reassembly::Outcome::kWaits) return;
  if (piece.key.family == 4)
    finish_v4(result.packet, result);
  else
    finish_v6(result.packet, result.payload_size, result.congested);
  classify_ip(context, result.packet);
}

void collect_v6(Context& context, rte_mbuf* packet, const OuterV6& outer) {
  if (outer.ip.next_header != wire::kFragment) return context.drop(packet, Drop::kOuterFragment);
  const Fragment piece = read_v6(outer);
  const bool ours = piece.key.protocol == wire::kEsp || piece.key.protocol == wire::kUdp;
  const bool atomic = piece.offset == 0 && !piece.more;
  if (!atomic || !ours) return collect(context, packet, piece);
  finish_v6(packet, piece.size, false);  // RFC 6946: by itself, whatever else is under way
  classify_ip(context, packet);
}

}  // namespace

void collect_fragment(Context& context, rte_mbuf* packet) {
  const uint8_t* ip = bytes_of(packet) + sizeof(wire::Ethernet);
  if (ip[0] >> 4 == 4)
    collect(context, packet, read_v4(*reinterpret_cast<const wire::Ipv4*>(ip)));
  else
    collect_v6(context, packet, *reinterpret_cast<const OuterV6*>(ip));
}

}  // namespace raven::dataplane::stage
