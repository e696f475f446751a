// classify: frames of one port.  Whose are they: a tunnel's, a node's, the kernel's, nobody's?
// SPDX-License-Identifier: Apache-2.0
//
// In: Ethernet frames.  Out: esp_in, vxlan_in, probe (data pointer at the outer IP header), route
// (plain IP), reassemble, punt (the frame as it came), drop.
#include <rte_prefetch.h>

#include "common/wire/probe.h"
#include "common/wire/raven.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/enter_esp_in.h"
#include "dataplane/stage/reassemble.h"

namespace raven::dataplane::stage {
namespace {

// Outer IPv4, UDP, VXLAN and inner Ethernet: with the Ethernet header before them, a cache line.
constexpr unsigned kServiceHeaders = 50;

// To a LAN service of ours, with the data pointer at the outer IP header.
void to_service(Context& context, rte_mbuf* packet, const IpView& view, Stage stage) {
  Meta& info = meta(packet);
  strip_front(packet, sizeof(wire::Ethernet));
  set_size(packet, view.size);
  info.family = view.family;
  info.l4_offset = view.l4_offset;
  info.origin = Origin::kWire;
  rte_prefetch0(bytes_of(packet) + kServiceHeaders);  // what is inside
  context.to(stage, packet);
}

void classify_udp(Context& context, rte_mbuf* packet, IpView view, const uint8_t* ip) {
  const auto* udp = view_at<wire::Udp>(ip, view.size, view.l4_offset);
  if (udp == nullptr) return context.drop(packet, Drop::kOuterMalformed);
  const uint16_t port = udp->destination_port.host();
  const bool ours = port == kTunnelPort || port == kVxlanPort || port == kProbePort;
  if (!ours) return context.to(Stage::kPunt, packet);
  if (!cut_to_datagram(view, *udp)) return context.drop(packet, Drop::kOuterMalformed);

  if (port == kTunnelPort) return enter_natt(context, packet, view, ip);
  // Neither has any authentication of its own: only from where nodes of the local pool are.
  const bool vxlan = port == kVxlanPort;
  if (!context.receive_port->has_lan_role())
    return context.drop(packet, vxlan ? Drop::kVxlanPeer : Drop::kProbePeer);
  to_service(context, packet, view, vxlan ? Stage::kVxlanIn : Stage::kProbe);
}

void classify_whole(Context& context, rte_mbuf* packet, const IpView& view, const uint8_t* ip) {
  if (view.protocol == wire::kEsp) return enter_esp_in(context, packet, view, view.l4_offset);
  if (view.protocol == wire::kUdp) return classify_udp(context, packet, view, ip);
  if (view.protocol == wire::kIcmp || view.protocol == wire::kIcmp6)
    note_if_too_big(context, ip, view);
  context.to(Stage::kPunt, packet);
}

// IPv6 in one fragment, of what may be ours.
bool is_atomic_fragment(const uint8_t* bytes, uint8_t family) {
  if (family != 6) return false;
  const auto& outer = *reinterpret_cast<const wire::FragmentedIpv6*>(bytes);
  const uint8_t protocol = outer.fragment.next_header;
  return outer.ip.next_header == wire::kFragment && outer.fragment.is_atomic() &&
         (protocol == wire::kEsp || protocol == wire::kUdp);
}

// RFC 6946: an atomic fragment is a packet by itself, whatever else is under way.
[[gnu::cold, gnu::noinline]] void classify_fragment(
    Context& context, rte_mbuf* packet, IpView view, const uint8_t* ip
) {
  if (!is_atomic_fragment(ip, view.family)) return context.to(Stage::kReassemble, packet);
  take_fragment_header_out(packet, view.size - uint32_t{sizeof(wire::FragmentedIpv6)});
  ip = bytes_of(packet) + sizeof(wire::Ethernet);
  if (parse_ip(ip, packet->data_len - unsigned{sizeof(wire::Ethernet)}, view) != IpVerdict::kOk)
    return context.drop(packet, Drop::kOuterMalformed);
  classify_whole(context, packet, view, ip);
}

void classify_own(Context& context, rte_mbuf* packet, const IpView& view, const uint8_t* ip) {
  if (view.is_fragment) [[unlikely]]
    return classify_fragment(context, packet, view, ip);
  classify_whole(context, packet, view, ip);
}

void to_route(Context& context, rte_mbuf* packet, const IpView& view) {
  Meta& info = meta(packet);
  info.origin = Origin::kWire;
  info.family = view.family;
  info.l4_protocol = view.protocol;
  info.l4_offset = view.l4_offset;
  strip_front(packet, sizeof(wire::Ethernet));
  set_size(packet, view.size);
  context.to(Stage::kRoute, packet);
}

// A frame that is not a common one.
[[gnu::noinline]] void classify_ip(Context& context, rte_mbuf* packet) {
  const uint8_t* ip = bytes_of(packet) + sizeof(wire::Ethernet);
  IpView view;
  const IpVerdict verdict = parse_ip(ip, packet->data_len - unsigned{sizeof(wire::Ethernet)}, view);
  if (verdict == IpVerdict::kMalformed) return context.drop(packet, Drop::kOuterMalformed);

  const uint8_t* to = wire::destination_of(ip, view.family);
  if (view.family == 4 ? context.box->owns_v4(to) : context.box->owns_v6(to))
    return classify_own(context, packet, view, ip);
  if (verdict == IpVerdict::kSourceRoute) return context.drop(packet, Drop::kSourceRoute);

  to_route(context, packet, view);
}

void classify_frame(Context& context, rte_mbuf* packet, uint64_t own_mac) {
  const Port& port = *context.receive_port;
  if (packet->data_len < sizeof(wire::Ethernet)) return context.drop(packet, Drop::kOuterMalformed);
  const auto& ethernet = *rte_pktmbuf_mtod(packet, const wire::Ethernet*);
  if (mac_word(ethernet.destination) != own_mac) [[unlikely]] {
    const bool group = (ethernet.destination[0] & 1) != 0;
    // A shared port sees what the kernel sees and sends; none of it is ours.
    if (group || port.is_shared()) return context.to(Stage::kPunt, packet);
    return context.drop(packet, Drop::kOtherHost);
  }
  // The version in the IP header must be what the frame says.
  const uint16_t type = ethernet.type.host();
  const uint8_t version =
      packet->data_len > sizeof(ethernet) ? bytes_of(packet)[sizeof(ethernet)] >> 4 : uint8_t{0};
  if (type != wire::kEtherIpv4 && type != wire::kEtherIpv6)
    return context.to(Stage::kPunt, packet);  // ARP, LLDP, VLAN, ...
  if (version != (type == wire::kEtherIpv4 ? 4 : 6))
    return context.drop(packet, Drop::kOuterMalformed);
  classify_ip(context, packet);
}

// What nearly every frame is: for our MAC address, IPv4 without options, not a fragment, complete,
// its checksum right.  Any other goes the long way, which finds out what it is.
bool is_common(const uint8_t* frame, uint32_t size, uint64_t own_mac) {
  constexpr uint32_t kHeaders = sizeof(wire::Ethernet) + sizeof(wire::Ipv4);
  constexpr uint32_t kIpv4NoOptions = 0x450008;  // bytes 12..14 as they are in memory
  constexpr uint16_t kDontFragment = 0x0040;     // so do these
  if (size < kHeaders) return false;
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(frame + sizeof(wire::Ethernet));
  const uint64_t other_mac = (load<uint64_t>(frame) ^ own_mac) << 16;
  const uint32_t other_type = (load<uint32_t>(frame + 12) ^ kIpv4NoOptions) << 8;
  const uint32_t fragment = ip.fragment.raw() & ~uint32_t{kDontFragment};
  if ((other_mac | other_type | fragment) != 0) return false;
  const uint32_t behind_header = ip.total_length.host() - uint32_t{sizeof(ip)};
  return behind_header <= size - kHeaders && checksum_holds(&ip, sizeof(ip));
}

void classify_common(Context& context, rte_mbuf* packet, const uint8_t* bytes) {
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(bytes);
  IpView view;
  view.family = 4;
  view.protocol = ip.protocol;
  view.size = ip.total_length.host();
  view.l4_offset = sizeof(ip);
  if (context.box->owns_v4(ip.destination)) return classify_own(context, packet, view, bytes);
  to_route(context, packet, view);
}

// Far enough ahead for data that lies in the last cache, as a network card leaves it.
constexpr uint32_t kPrefetchAhead = 4;

void prefetch(rte_mbuf* packet) {
  rte_prefetch0(rte_pktmbuf_mtod(packet, void*));
  rte_prefetch0(&meta(packet));
}

}  // namespace

void classify(Context& context, Lane& in) {
  const uint64_t own_mac = mac_word(context.receive_port->mac().bytes.data());
  const PortIndex port = context.receive_port->index();
  for (uint32_t i = 0; i < in.count; ++i) {
    if (i + kPrefetchAhead < in.count) prefetch(in.packets[i + kPrefetchAhead]);
    rte_mbuf* packet = in.packets[i];
    meta(packet).port = port;
    const uint8_t* frame = bytes_of(packet);
    if (is_common(frame, packet->data_len, own_mac)) [[likely]]
      classify_common(context, packet, frame + sizeof(wire::Ethernet));
    else
      classify_frame(context, packet, own_mac);
  }
}

}  // namespace raven::dataplane::stage
