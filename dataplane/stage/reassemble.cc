// reassemble: fragments of outer packets for this box, until their packet is whole.
// SPDX-License-Identifier: Apache-2.0
//
// In: frames with a fragment, their IP headers parsed.  Out: esp_in (whole packets), punt, another
// worker's mailbox, drop; the others wait in context.reassembly, of the worker that their
// identification names.  Whole packets follow those of the burst that arrived whole.
// Taken: ESP, and UDP to port 4500 that is not IKE.  All other fragments are the kernel's.  IPv6
// fragment headers only right behind the IPv6 header, as tunnel packets have no other extensions.
#include "dataplane/stage/reassemble.h"

#include <rte_cycles.h>

#include <cstring>

#include "common/wire/probe.h"
#include "common/wire/raven.h"
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/enter_esp_in.h"

namespace raven::dataplane::stage {
namespace {

constexpr uint32_t kIpSizeMax = 65535;

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

Fragment read_v6(const wire::FragmentedIpv6& outer) {
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

void finish_v6(rte_mbuf* packet, const Reassembly::Result& whole) {
  take_fragment_header_out(packet, whole.payload_size);
  auto& ip = *reinterpret_cast<wire::Ipv6*>(bytes_of(packet) + sizeof(wire::Ethernet));
  if (whole.congested)
    ip.version_class_flow = Be32::from_host(ip.version_class_flow.host() | 3u << 20);
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
  if (port == kVxlanPort || port == kProbePort) return Owner::kNobody;  // RFC 7348 section 4.3
  return port == kTunnelPort && start.marker.host() != 0 ? Owner::kOurs : Owner::kKernel;
}

// RFC 8200 section 4.5, RFC 791: all but the last are multiples of 8 bytes.
bool is_plausible(const Fragment& piece) {
  return piece.size > 0 && (!piece.more || piece.size % 8 == 0) &&
         piece.payload_at - sizeof(wire::Ethernet) + piece.offset + piece.size <= kIpSizeMax;
}

// ESP, or UDP to port 4500: the first fragment has said so.
void enter_whole(Context& context, rte_mbuf* packet) {
  const uint8_t* ip = bytes_of(packet) + sizeof(wire::Ethernet);
  IpView view;
  const IpVerdict verdict = parse_ip(ip, packet->data_len - unsigned{sizeof(wire::Ethernet)}, view);
  if (verdict == IpVerdict::kMalformed) return context.drop(packet, Drop::kOuterMalformed);
  if (view.protocol == wire::kEsp) return enter_esp_in(context, packet, view, view.l4_offset);
  const auto* udp = view_at<wire::Udp>(ip, view.size, view.l4_offset);
  if (udp == nullptr || !cut_to_datagram(view, *udp))
    return context.drop(packet, Drop::kOuterMalformed);
  enter_natt(context, packet, view, ip);
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
    finish_v6(result.packet, result);
  enter_whole(context, result.packet);
}

void collect_frame(Context& context, rte_mbuf* packet) {
  const uint8_t* ip = bytes_of(packet) + sizeof(wire::Ethernet);
  if (ip[0] >> 4 == 4)
    return collect(context, packet, read_v4(*reinterpret_cast<const wire::Ipv4*>(ip)));
  const auto& outer = *reinterpret_cast<const wire::FragmentedIpv6*>(ip);
  if (outer.ip.next_header != wire::kFragment) return context.drop(packet, Drop::kOuterFragment);
  collect(context, packet, read_v6(outer));
}

}  // namespace

void take_fragment_header_out(rte_mbuf* frame, uint32_t payload_size) {
  uint8_t* bytes = bytes_of(frame);
  auto& outer = *reinterpret_cast<wire::FragmentedIpv6*>(bytes + sizeof(wire::Ethernet));
  outer.ip.next_header = outer.fragment.next_header;
  outer.ip.payload_length = Be16::from_host(static_cast<uint16_t>(payload_size));
  std::memmove(bytes + sizeof(outer.fragment), bytes, sizeof(wire::Ethernet) + sizeof(wire::Ipv6));
  strip_front(frame, sizeof(outer.fragment));
}

void reassemble(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) collect_frame(context, packet);
}

}  // namespace raven::dataplane::stage
