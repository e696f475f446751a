// May it go there, by which way, and does it fit?
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/integration/differential/reference_box.h"
#include "tests/integration/differential/reference_world.h"

namespace raven::dataplane::test {
namespace {

using namespace world;

constexpr std::size_t kPiecesMax = 64;  // of one packet
constexpr std::size_t kMinMtu6 = 1280;

// A hop more.
void count_hop(Bytes& bytes, unsigned family) {
  if (family == 6) {
    --bytes[7];
    return;
  }
  --bytes[8];
  fix_header_checksum(bytes);
}

// The sum goes over the words of the segment: at an odd place the value lies in two of them.
void set_value(Bytes& bytes, std::size_t tcp, std::size_t at, uint16_t value) {
  const bool odd = (at - tcp) % 2 != 0;
  const Bytes before = slice(bytes, odd ? at - 1 : at, odd ? 4 : 2);
  set_u16(bytes, at, value);
  const Bytes after = slice(bytes, odd ? at - 1 : at, odd ? 4 : 2);
  uint16_t checksum = u16_at(bytes, tcp + 16);
  for (std::size_t word = 0; word < before.size(); word += 2)
    if (u16_at(before, word) != u16_at(after, word))
      checksum = changed_checksum(checksum, u16_at(before, word), u16_at(after, word));
  set_u16(bytes, tcp + 16, checksum);
}

// RFC 9293 section 3.7.1: the largest segment for this MTU, announced in SYNs.  Nothing else in the
// segment changes but the checksum.
void clamp_mss(Bytes& bytes, std::size_t tcp, unsigned family, std::size_t mtu) {
  if (tcp + 20 > bytes.size() || (bytes[tcp + 13] & 0x02) == 0) return;
  const std::size_t end = tcp + (bytes[tcp + 12] >> 4) * 4u;
  if (end > bytes.size()) return;
  const std::size_t headers = family == 4 ? 40 : 60;
  const auto largest = static_cast<uint16_t>(mtu > headers ? mtu - headers : 0);
  for (std::size_t at = tcp + 20; at < end;) {
    const uint8_t kind = bytes[at];
    if (kind == 0) return;
    if (kind == 1) {
      ++at;
      continue;
    }
    if (at + 1 == end || bytes[at + 1] < 2 || at + bytes[at + 1] > end) return;
    if (kind == 2 && bytes[at + 1] == 4 && u16_at(bytes, at + 2) > largest) {
      set_value(bytes, tcp, at + 2, largest);
    }
    at += bytes[at + 1];
  }
}

// RFC 791 section 3.1: a later fragment has only the options whose "copied" bit is set.
Bytes options_of_later_fragment(const Bytes& options) {
  Bytes copied;
  for (std::size_t at = 0; at < options.size() && options[at] != 0;) {
    const std::size_t size = options[at] == 1 ? 1 : options[at + 1];
    if ((options[at] & 0x80) != 0) copied = copied + slice(options, at, size);
    at += size;
  }
  copied.resize((copied.size() + 3) / 4 * 4);
  return copied;
}

bool is_host(const Bytes& address) {
  if (address.size() == 4) return address[0] != 0 && address[0] != 127 && address[0] < 224;
  const bool zeros = slice(address, 0, 15) == Bytes(15);
  const bool link_local = address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
  return !(zeros && address[15] <= 1) && !link_local && address[0] != 0xff;
}

// RFC 4301 section 6: an ICMP error of a router of no pool, about a packet of this flow.  Where
// that packet was going; nothing: it is none.
std::optional<Kind> flow_of_error(const Bytes& bytes, const ReferenceIp& ip) {
  const bool v4 = ip.family == 4;
  if (kind_of(ip.source) != Kind::kNone || !is_host(ip.source)) return std::nullopt;
  if (!ip.l4.has_value() || ip.protocol != (v4 ? 1 : 58) || *ip.l4 + 8 > bytes.size())
    return std::nullopt;
  const uint8_t type = bytes[*ip.l4];
  if (v4 ? type != 3 && type != 11 && type != 12 : type < 1 || type > 4) return std::nullopt;
  const Bytes quoted = slice(bytes, *ip.l4 + 8);
  const std::size_t header = v4 ? 20 : 40, address = v4 ? 4 : 16;
  if (quoted.size() < header || quoted[0] >> 4 != ip.family) return std::nullopt;
  if (slice(quoted, header - 2 * address, address) != ip.destination) return std::nullopt;
  return kind_of(slice(quoted, header - address, address));
}

// RFC 1812 section 4.3.2.7, RFC 4443 section 2.4 (e): about what there is no ICMP error.
bool may_be_answered(const Bytes& bytes, const ReferenceIp& ip) {
  if (!ip.l4.has_value() && ip.family == 6) return false;
  const bool icmp_fits = ip.l4.has_value() && *ip.l4 + 8 <= bytes.size();
  if (ip.family == 6) {
    if (ip.source[0] == 0xff || ip.destination[0] == 0xff || ip.source == Bytes(16)) return false;
    return ip.protocol != 58 || (icmp_fits && bytes[*ip.l4] >= 128);
  }
  if (!ip.l4.has_value()) return false;
  for (const Bytes* address : {&ip.source, &ip.destination})
    if ((*address)[0] == 0 || (*address)[0] == 127 || (*address)[0] >= 224) return false;
  if (ip.protocol != 1) return true;
  const uint8_t type = icmp_fits ? bytes[*ip.l4] : uint8_t{255};
  return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

Bytes icmp_v4(
    const Bytes& source, const Bytes& destination, uint8_t type, uint8_t code,
    const Bytes& rest_and_quotation
) {
  const Bytes message = icmp(type, code, rest_and_quotation);
  Bytes header = ipv4(
      {.source = "0.0.0.0",
       .destination = "0.0.0.0",
       .protocol = 1,
       .tos = 0xc0,
       .dont_fragment = true},
      message
  );
  std::copy(source.begin(), source.end(), header.begin() + 12);
  std::copy(destination.begin(), destination.end(), header.begin() + 16);
  fix_header_checksum(header);
  return header;
}

Bytes icmp_v6(
    const Bytes& source, const Bytes& destination, uint8_t type, const Bytes& rest_and_quotation
) {
  Bytes message = Bytes{type, 0, 0, 0} + rest_and_quotation;
  const auto size = static_cast<uint16_t>(message.size());
  const Bytes pseudo =
      source + destination +
      Bytes{0, 0, static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size), 0, 0, 0, 58};
  set_u16(message, 2, internet_checksum(pseudo + message));
  Bytes packet = ipv6({.source = "::", .destination = "::", .next_header = 58}, message);
  std::copy(source.begin(), source.end(), packet.begin() + 8);
  std::copy(destination.begin(), destination.end(), packet.begin() + 24);
  return packet;
}

}  // namespace

struct ReferenceBox::Way {
  Kind kind;
  std::size_t mtu;
};

void ReferenceBox::enter_route(Origin origin, const Bytes& bytes) {
  const ReferenceIp ip = read_ip(bytes);
  if (ip.verdict == ReferenceIp::Verdict::kMalformed) return outcome_.drop("malformed");
  if (ip.verdict == ReferenceIp::Verdict::kSourceRoute) return outcome_.drop("source_route");
  route(origin, slice(bytes, 0, ip.size), ip, 0, {});
}

// "forward", "punt", or the reason of the drop.
std::string ReferenceBox::judge(Origin origin, const ReferenceIp& ip, unsigned port) const {
  const Kind from = kind_of(ip.source), to = kind_of(ip.destination);
  bool to_local = false, to_remote = true;  // may this origin send there?
  switch (origin) {
    case Origin::kWire:
      if (is_remote(from) || from == Kind::kGone) return "clear_text";
      if (to == Kind::kNone) return "punt";
      if (!lan_role(port)) return "clear_text";
      if (is_local(to)) return "punt";
      if (!is_local(from)) return "spoof";
      break;
    case Origin::kPoolGateway:
    case Origin::kVxlan:
      // Only another gateway box of the pool may have decrypted it for the pods of this one.
      if (is_remote(from) && to == Kind::kPods)
        return origin == Origin::kPoolGateway ? "forward" : "not_gateway";
      if (!is_local(from)) return "spoof";
      to_local = to == Kind::kPods;
      break;
    case Origin::kTunnel:
      if (from != Kind::kPoolB) return "spoof";
      to_local = true;
      to_remote = false;
      break;
    case Origin::kKernel:
      if (!is_local(from)) return "spoof";
      to_local = to != Kind::kPods;
      break;
    case Origin::kSelf:
      to_local = true;
      break;
  }
  if (to == Kind::kNone) return "no_route";
  if (to == Kind::kGone) return "blackhole";
  return (is_local(to) ? to_local : to_remote) ? "forward" : "hairpin";
}

void ReferenceBox::route(
    Origin origin, const Bytes& bytes, const ReferenceIp& ip, unsigned port, const Bytes& frame
) {
  std::string verdict = judge(origin, ip, port);
  const auto flow = verdict == "spoof" ? flow_of_error(bytes, ip) : std::nullopt;
  if (flow.has_value()) {
    const Kind to = kind_of(ip.destination);
    const bool about_this_flow = origin == Origin::kTunnel ? is_local(to) && *flow == Kind::kPoolB
                                                           : is_remote(to) && is_local(*flow);
    if (about_this_flow) verdict = "forward";
  }
  if (verdict == "forward") return forward(origin, bytes, ip);
  if (verdict == "punt") return punt(port, frame + bytes);
  outcome_.drop(verdict);
}

std::size_t ReferenceBox::mtu_towards(world::Kind kind) const {
  switch (kind) {
    case Kind::kPoolB:
      return settings_.path_mtu;
    case Kind::kNodeVx:
      return kVxlanMtu;
    case Kind::kNodeDi:
      return kNodeMtu;
    default:  // an interface of the kernel has no limit on what it receives
      return SIZE_MAX;
  }
}

void ReferenceBox::forward(Origin origin, Bytes bytes, const ReferenceIp& ip) {
  const Kind to = kind_of(ip.destination);
  // The kernel counts the hop of what comes from its pods or goes to them.
  if (origin != Origin::kKernel && origin != Origin::kSelf && to != Kind::kPods) {
    if (ip.ttl <= 1) return reject(origin, bytes, ip, "ttl", 0);
    count_hop(bytes, ip.family);
  }
  if (to == Kind::kPoolC) return outcome_.drop("no_path");
  const Way way{to, mtu_towards(to)};
  if (ip.protocol == 6 && ip.l4.has_value()) {
    // Both ways of a connection count: what came through the tunnel is answered through it.
    const std::size_t back = origin == Origin::kTunnel ? settings_.path_mtu : SIZE_MAX;
    clamp_mss(bytes, *ip.l4, ip.family, std::min({way.mtu, back, std::size_t{65535}}));
  }
  fit(origin, bytes, ip, way);
}

void ReferenceBox::fit(Origin origin, const Bytes& bytes, const ReferenceIp& ip, const Way& way) {
  if (bytes.size() <= way.mtu) return send(bytes, way);
  if (ip.family == 6 && way.kind == Kind::kPoolB) {
    // RFC 8200 section 5: less than that cannot be asked for.
    if (bytes.size() <= kMinMtu6) return send(bytes, way);
    return reject(origin, bytes, ip, "mtu", std::max(way.mtu, kMinMtu6));
  }
  if (ip.dont_fragment) return reject(origin, bytes, ip, "mtu", way.mtu);
  cut(bytes, ip, way);
}

void ReferenceBox::cut(const Bytes& bytes, const ReferenceIp& ip, const Way& way) {
  const Bytes payload = slice(bytes, ip.header_size);
  const unsigned first_offset = u16_at(bytes, 6) & 0x1fff;
  if (first_offset * 8 + payload.size() > 65535) return outcome_.drop("malformed");
  const std::size_t step = way.mtu > ip.header_size ? (way.mtu - ip.header_size) / 8 * 8 : 0;
  if (step == 0 || (payload.size() + step - 1) / step > kPiecesMax) return outcome_.drop("mtu");
  const bool more_follow = (bytes[6] & 0x20) != 0;
  const Bytes options = options_of_later_fragment(slice(bytes, 20, ip.header_size - 20));
  for (std::size_t at = 0; at < payload.size(); at += step) {
    const Bytes part = slice(payload, at, step);
    Bytes piece = slice(bytes, 0, at == 0 ? ip.header_size : 20);
    if (at != 0) piece = piece + options;
    piece[0] = static_cast<uint8_t>(0x40 | piece.size() / 4);
    const bool more = at + step < payload.size() || more_follow;
    set_u16(piece, 2, static_cast<uint16_t>(piece.size() + part.size()));
    set_u16(piece, 6, static_cast<uint16_t>((more ? 0x2000u : 0u) | (first_offset + at / 8)));
    fix_header_checksum(piece);
    send(piece + part, way);
  }
}

void ReferenceBox::send(const Bytes& bytes, const Way& way) {
  const uint16_t type = bytes[0] >> 4 == 4 ? 0x0800 : 0x86dd;
  switch (way.kind) {
    case Kind::kPods:
      return outcome_.end(Place::kRaven0, bytes);
    case Kind::kNodeDi:
      return outcome_.end(Place::kPort0, ethernet(kNodeDi, settings_.macs[0], type, bytes));
    case Kind::kNodeVx: {
      const Bytes inner = test::vxlan(ethernet(kNodeOverlay, kOverlay, type, bytes));
      const Bytes outer = ipv4(
          {.source = "10.9.0.1", .destination = "10.9.0.11", .dont_fragment = true},
          udp(0, 4472, inner)
      );
      return outcome_.end(Place::kPort0, ethernet(kNodeVx, settings_.macs[0], 0x0800, outer));
    }
    default:
      return seal(bytes, true);
  }
}

// Encrypted or dropped, never sent in clear.
void ReferenceBox::seal(const Bytes& bytes, bool may_cut) {
  if (!settings_.outbound_sa) return outcome_.drop("no_sa");
  if (!tunnel_.take_number()) return outcome_.drop("seq_exhausted");
  const bool v4 = address_bytes(settings_.tunnel.local).size() == 4;
  const std::size_t pieces =
      may_cut ? sent_pieces_.count_of(tunnel_.outer_size(bytes.size()), v4) : 1;
  if (settings_.router_known)
    return outcome_.end(pieces == 1 ? Place::kTunnel : Place::kPieces, bytes);
  for (std::size_t i = 0; i < pieces; ++i) outcome_.drop("no_neighbour");
}

void ReferenceBox::reject(
    Origin origin, const Bytes& bytes, const ReferenceIp& ip, const std::string& reason,
    std::size_t mtu
) {
  outcome_.drop(reason);
  if (origin == Origin::kSelf || !may_be_answered(bytes, ip)) return;
  const bool too_big = reason == "mtu";
  const char* own = ip.family == 4 ? kIcmpSource4 : kIcmpSource6;
  // The kernel takes no packet from an address of its own.
  const Bytes source = origin == Origin::kKernel ? ip.destination : address_bytes(own);
  const Bytes rest{0, 0, static_cast<uint8_t>(mtu >> 8), static_cast<uint8_t>(mtu)};
  const std::size_t quoted = ip.family == 4 ? 576 - 28 : 1280 - 48;
  const Bytes body = rest + slice(bytes, 0, quoted);
  const Bytes error = ip.family == 4
                          ? icmp_v4(source, ip.source, too_big ? 3 : 11, too_big ? 4 : 0, body)
                          : icmp_v6(source, ip.source, too_big ? 2 : 3, body);
  enter_route(Origin::kSelf, error);
}

}  // namespace raven::dataplane::test
