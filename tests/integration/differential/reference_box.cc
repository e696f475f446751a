// Whose packet is it: a tunnel's, a node's, the kernel's, nobody's?
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/reference_box.h"

#include <algorithm>
#include <utility>

#include "tests/integration/differential/reference_world.h"

namespace raven::dataplane::test {
namespace {

using namespace world;

constexpr std::size_t kEthernet = 14;
constexpr uint16_t kProbePort = 4473, kVxlanPort = 4472, kNattPort = 4500;
constexpr std::size_t kProbeSize = 8 + 24;  // UDP and payload

Bytes mac_bytes(const Mac& mac) {
  return slice(ethernet(mac, mac, 0, {}), 0, 6);
}

// common/wire/probe.h: port, length, magic "RVPR", version 1, type request or reply.
bool is_probe(const Bytes& udp_datagram) {
  return udp_datagram.size() >= kProbeSize && u16_at(udp_datagram, 2) == kProbePort &&
         u16_at(udp_datagram, 4) == kProbeSize &&
         slice(udp_datagram, 8, 4) == Bytes{'R', 'V', 'P', 'R'} && udp_datagram[12] == 1 &&
         (udp_datagram[13] == 1 || udp_datagram[13] == 2);
}

// Addresses and ports change sides, it becomes a reply, of a box with no tunnel up.
Bytes answered(const Bytes& bytes, const ReferenceIp& ip) {
  const std::size_t address = ip.family == 4 ? 12 : 8;
  const Bytes before = slice(bytes, 0, address);
  const Bytes between =
      slice(bytes, address + 2 * ip.source.size(), *ip.l4 - address - 2 * ip.source.size());
  Bytes datagram = slice(bytes, *ip.l4, kProbeSize);
  std::swap_ranges(datagram.begin(), datagram.begin() + 2, datagram.begin() + 2);
  datagram[13] = 2;
  datagram[14] = 0;
  set_u16(datagram, 6, 0);
  const Bytes pseudo = ip.destination + ip.source + Bytes{0, 17, 0, kProbeSize};
  const uint16_t sum = internet_checksum(pseudo + datagram);
  set_u16(datagram, 6, sum == 0 ? 0xffff : sum);
  return before + ip.destination + ip.source + between + datagram +
         slice(bytes, *ip.l4 + kProbeSize);
}

}  // namespace

Outcome ReferenceBox::take() {
  std::sort(outcome_.ends.begin(), outcome_.ends.end());
  return std::exchange(outcome_, {});
}

void ReferenceBox::receive(unsigned port, const std::vector<Bytes>& frames) {
  for (const Bytes& frame : frames) classify(port, frame);
  // What was put together comes after the packets that arrived whole.
  for (const auto& [from, frame] : std::exchange(wholes_, {})) classify_ip(from, frame);
  open_burst();
}

void ReferenceBox::punt(unsigned port, const Bytes& frame) {
  const Place place = port == 0 ? Place::kKernel0 : Place::kKernel1;
  outcome_.end(place, settings_.shared ? Bytes{} : frame);
}

void ReferenceBox::classify(unsigned port, const Bytes& frame) {
  if (frame.size() < kEthernet) return outcome_.drop("outer_malformed");
  if (slice(frame, 0, 6) != mac_bytes(settings_.macs[port])) {
    if ((frame[0] & 1) != 0 || settings_.shared) return punt(port, frame);
    return outcome_.drop("other_host");
  }
  const uint16_t type = u16_at(frame, 12);
  if (type != 0x0800 && type != 0x86dd) return punt(port, frame);
  const Bytes bytes = slice(frame, kEthernet);
  if (bytes.empty() || bytes[0] >> 4 != (type == 0x0800 ? 4 : 6))
    return outcome_.drop("outer_malformed");
  classify_ip(port, frame);
}

void ReferenceBox::classify_ip(unsigned port, const Bytes& frame) {
  const Bytes bytes = slice(frame, kEthernet);
  const ReferenceIp ip = read_ip(bytes);
  if (ip.verdict == ReferenceIp::Verdict::kMalformed) return outcome_.drop("outer_malformed");
  if (is_one_of(ip.destination, kOwnAddresses)) return own(port, frame, bytes, ip);
  if (ip.verdict == ReferenceIp::Verdict::kSourceRoute) return outcome_.drop("source_route");
  route(Origin::kWire, slice(bytes, 0, ip.size), ip, port, slice(frame, 0, kEthernet));
}

void ReferenceBox::collect(unsigned port, const Bytes& frame, const ReferenceIp& ip) {
  const ReferenceReassembly::Result result = reassembly_.add({port, frame}, ip);
  for (const ReceivedFrame& piece : result.punted) punt(piece.port, piece.frame);
  for (const Bytes& piece : result.other_worker) outcome_.end(Place::kWorker1, piece);
  for (const auto& [reason, count] : result.drops)
    if (count != 0) outcome_.drops[reason] += count;
  if (result.whole.empty()) return;
  if (result.drops.contains("frag_merged"))
    wholes_.push_back({port, result.whole});
  else
    classify_ip(port, result.whole);  // a packet in one fragment, which waits for nothing
}

void ReferenceBox::a_second_passes() {
  const uint64_t count = reassembly_.expire();
  if (count != 0) outcome_.drops["frag_timeout"] += count;
}

void ReferenceBox::own(
    unsigned port, const Bytes& frame, const Bytes& bytes, const ReferenceIp& ip
) {
  if (ip.fragment) return collect(port, frame, ip);
  if (!ip.l4.has_value()) return punt(port, frame);
  if (ip.protocol == 17) return own_udp(port, frame, bytes, ip);
  if (ip.protocol != 50) return punt(port, frame);
  esp_burst_.push_back({slice(bytes, *ip.l4, ip.size - *ip.l4), ip.traffic_class, ip.source, {}});
}

void ReferenceBox::own_udp(
    unsigned port, const Bytes& frame, const Bytes& bytes, const ReferenceIp& ip
) {
  const Bytes datagram = slice(bytes, *ip.l4, ip.size - *ip.l4);
  if (datagram.size() < 8) return outcome_.drop("outer_malformed");
  const uint16_t destination = u16_at(datagram, 2);
  if (destination != kNattPort && destination != kVxlanPort && destination != kProbePort)
    return punt(port, frame);
  const std::size_t length = u16_at(datagram, 4);
  if (length < 8 || length > datagram.size()) return outcome_.drop("outer_malformed");
  const Bytes payload = slice(datagram, 8, length - 8);
  if (destination == kNattPort)
    return natt(port, frame, {payload, ip.traffic_class, ip.source, u16_at(datagram, 0)});
  const bool vxlan_port = destination == kVxlanPort;
  if (!lan_role(port)) return outcome_.drop(vxlan_port ? "vxlan_peer" : "probe_peer");
  if (vxlan_port) return vxlan(payload, ip.source);
  lan_probe(frame, slice(bytes, 0, *ip.l4 + length), ip);
}

void ReferenceBox::natt(
    unsigned port, const Bytes& frame, const ReferenceTunnel::Received& packet
) {
  if (packet.esp == Bytes{0xff}) return outcome_.drop("natt_keepalive");
  if (packet.esp.size() < 4) return outcome_.drop("natt_port");
  if (slice(packet.esp, 0, 4) == Bytes{0, 0, 0, 0}) return punt(port, frame);
  esp_burst_.push_back(packet);
}

void ReferenceBox::vxlan(const Bytes& payload, const Bytes& outer_source) {
  if (!is_one_of(outer_source, kNodes)) return outcome_.drop("vxlan_peer");
  if (payload.size() < 8 || (payload[0] & 0x08) == 0) return outcome_.drop("vxlan_flags");
  if (slice(payload, 4, 3) != Bytes{0, 0, 200}) return outcome_.drop("vxlan_vni");
  const Bytes frame = slice(payload, 8);
  if (frame.size() < kEthernet || slice(frame, 0, 6) != mac_bytes(kOverlay))
    return outcome_.drop("vxlan_inner");
  const uint16_t type = u16_at(frame, 12);
  if (type != 0x0800 && type != 0x86dd) return outcome_.drop("vxlan_inner");
  const bool gateway = is_one_of(outer_source, kGatewayNodes);
  enter_route(gateway ? Origin::kPoolGateway : Origin::kVxlan, slice(frame, kEthernet));
}

void ReferenceBox::lan_probe(const Bytes& frame, const Bytes& bytes, const ReferenceIp& ip) {
  if (!is_probe(slice(bytes, *ip.l4))) return outcome_.drop("probe_malformed");
  if (!is_one_of(ip.source, kNodes) || bytes[*ip.l4 + 13] != 1) return outcome_.drop("probe_peer");
  outcome_.end(
      Place::kPort0,
      slice(frame, 6, 6) + slice(frame, 0, 6) + slice(frame, 12, 2) + answered(bytes, ip)
  );
}

void ReferenceBox::tunnel_probe(const Bytes& bytes, const ReferenceIp& ip) {
  if (!ip.l4.has_value() || !is_probe(slice(bytes, *ip.l4)))
    return outcome_.drop("probe_malformed");
  if (bytes[*ip.l4 + 13] == 2) return outcome_.drop("probe_answer");
  seal(answered(bytes, ip), false);  // it tells whether the path carries it whole
}

void ReferenceBox::open_burst() {
  const auto burst = std::exchange(esp_burst_, {});
  const auto opened = tunnel_.open(burst);
  for (std::size_t i = 0; i < burst.size(); ++i) {
    if (tunnel_.tells_move(burst[i], opened[i])) {
      Bytes where = burst[i].source + Bytes{0, 0};
      set_u16(where, where.size() - 2, burst[i].port.value_or(0));
      outcome_.end(Place::kMoved, where);
    }
    if (opened[i].verdict == "ok")
      from_tunnel(opened[i].inner);
    else
      outcome_.drop(opened[i].verdict);
  }
}

void ReferenceBox::from_tunnel(const Bytes& inner) {
  const ReferenceIp ip = read_ip(inner);
  const bool udp_v4 =
      ip.verdict == ReferenceIp::Verdict::kOk && ip.family == 4 && ip.protocol == 17;
  if (udp_v4 && is_one_of(ip.destination, kProbes)) return tunnel_probe(inner, ip);
  enter_route(Origin::kTunnel, inner);
}

// Fail closed: whatever the kernel's routes say, no frame for another site leaves in clear.
void ReferenceBox::from_tap(unsigned port, const Bytes& frame) {
  std::size_t at = 12;
  const auto is_vlan = [&] {
    return at + 2 <= frame.size() && (u16_at(frame, at) == 0x8100 || u16_at(frame, at) == 0x88a8);
  };
  for (int tags = 0; tags < 2 && is_vlan() && at + 6 <= frame.size(); ++tags) at += 4;
  if (frame.size() >= kEthernet && is_vlan()) return outcome_.drop("clear_text");
  const uint16_t type = frame.size() >= kEthernet ? u16_at(frame, at) : uint16_t{0};
  Kind kind = Kind::kNone;
  if (type == 0x0800 && frame.size() >= at + 2 + 20) kind = kind_of(slice(frame, at + 2 + 16, 4));
  if (type == 0x86dd && frame.size() >= at + 2 + 40) kind = kind_of(slice(frame, at + 2 + 24, 16));
  if (is_remote(kind) || kind == Kind::kGone) return outcome_.drop("clear_text");
  outcome_.end(port == 0 ? Place::kPort0 : Place::kPort1, frame);
}

void ReferenceBox::from_pods(const Bytes& ip) {
  enter_route(Origin::kKernel, ip);
}

// An outer packet, or a fragment of one.
std::optional<End> ReferenceBox::read_tunnel(const Bytes& outer, const End& otherwise) {
  if (!SentPieces::is_piece(outer)) {
    const auto inner = tunnel_.read(outer);
    return inner.has_value() ? End{Place::kTunnel, *inner} : otherwise;
  }
  const SentPieces::Result piece = sent_pieces_.add(outer);
  if (!piece.right) return otherwise;
  if (piece.whole.empty()) return std::nullopt;
  const auto inner = tunnel_.read(piece.whole, true);
  return inner.has_value() ? End{Place::kPieces, *inner} : otherwise;
}

std::optional<End> ReferenceBox::read_sent(unsigned port, const Bytes& frame) {
  const Place place = port == 0 ? Place::kPort0 : Place::kPort1;
  const Bytes bytes = slice(frame, kEthernet);
  const bool v4 = !bytes.empty() && bytes[0] >> 4 == 4;
  const Bytes header = ethernet(kRouter, settings_.macs[port], v4 ? 0x0800 : 0x86dd, {});
  if (wan_is(port) && slice(frame, 0, kEthernet) == header) {
    auto end = read_tunnel(bytes, {place, frame});
    if (!end.has_value() || end->place != place) return end;
  }
  // VXLAN: the UDP source port is ours to choose, but always the same for a flow (RFC 7348).
  const Bytes to_node = mac_bytes(kNodeVx) + mac_bytes(settings_.macs[0]);
  if (port != 0 || slice(frame, 0, 12) != to_node || frame.size() < 14 + 20 + 16 + 14 + 20 ||
      u16_at(frame, 36) != kVxlanPort || u16_at(frame, 34) < 0xc000)
    return End{place, frame};
  const Bytes inner = slice(frame, 64);
  const Bytes flow = inner[0] >> 4 == 4 ? slice(inner, 12, 8) : slice(inner, 8, 32);
  const Bytes source_port = slice(frame, 34, 2);
  if (vxlan_ports_.try_emplace(flow, source_port).first->second != source_port)
    return End{place, frame};
  Bytes without_port = frame;
  set_u16(without_port, 34, 0);
  return End{place, without_port};
}

}  // namespace raven::dataplane::test
