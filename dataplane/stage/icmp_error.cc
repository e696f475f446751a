// Building of ICMP errors in place: the offending packet is cut and becomes the quotation.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/icmp_error.h"

#include <rte_cycles.h>

#include <algorithm>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"

namespace raven::dataplane::stage {
namespace {

constexpr uint32_t kErrorSizeV4 = 576;   // RFC 1812 section 4.3.2.3
constexpr uint32_t kErrorSizeV6 = 1280;  // RFC 4443 section 2.4 (c)
constexpr uint8_t kHopLimit = 64;
constexpr uint8_t kInternetworkControl = 0xc0;  // RFC 1812 section 4.3.2.5

struct ErrorV4 {
  wire::Ipv4 ip;
  wire::Icmp icmp;
};
struct ErrorV6 {
  wire::Ipv6 ip;
  wire::Icmp icmp;
};

// RFC 1812 section 4.3.2.7.
bool may_answer_v4(const uint8_t* packet, uint32_t size, const Meta& info) {
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(packet);
  if (ip.fragment_offset() != 0) return false;
  const auto is_host = [](uint8_t first) { return first != 0 && first != 127 && first < 224; };
  if (!is_host(ip.source[0]) || !is_host(ip.destination[0])) return false;
  if (ip.protocol != wire::kIcmp) return true;
  const auto* icmp = view_at<wire::Icmp>(packet, size, info.l4_offset);
  if (icmp == nullptr) return false;
  // Only about queries: echo, timestamp, information, address mask.
  return icmp->type == 0 || icmp->type == 8 || (icmp->type >= 13 && icmp->type <= 18);
}

// RFC 4443 section 2.4 (e).
bool may_answer_v6(const uint8_t* packet, uint32_t size, const Meta& info) {
  const auto& ip = *reinterpret_cast<const wire::Ipv6*>(packet);
  if (info.l4_offset == 0) return false;
  if (ip.source[0] == 0xff || ip.destination[0] == 0xff) return false;
  static constexpr uint8_t kUnspecified[16] = {};
  if (std::memcmp(ip.source, kUnspecified, sizeof(kUnspecified)) == 0) return false;
  if (info.l4_protocol != wire::kIcmp6) return true;
  const auto* icmp = view_at<wire::Icmp>(packet, size, info.l4_offset);
  return icmp != nullptr && icmp->type >= 128;  // below: errors
}

// The kernel takes no packet with an address of its own as source, and a box need not have one in
// its pool: then the error comes from where the packet wanted to go.  That address is on the right
// side of every source check, and receivers look at the quotation, not at the source.
template <class Header>
const uint8_t* source_of_error(const Context& context, rte_mbuf* packet) {
  const uint8_t* own =
      sizeof(Header::source) == 4 ? context.box->icmp_source_v4() : context.box->icmp_source_v6();
  if (own != nullptr && meta(packet).origin != Origin::kKernel) return own;
  return reinterpret_cast<const Header*>(bytes_of(packet))->destination;
}

// The addresses of the error; copied first, as it is written over the packet.
template <std::size_t size>
struct Addresses {
  uint8_t source[size];
  uint8_t destination[size];
};

template <class Header>
auto addresses_of_error(const Context& context, rte_mbuf* packet) {
  Addresses<sizeof(Header::source)> addresses;
  std::memcpy(addresses.source, source_of_error<Header>(context, packet), sizeof(addresses.source));
  std::memcpy(
      addresses.destination, reinterpret_cast<const Header*>(bytes_of(packet))->source,
      sizeof(addresses.destination)
  );
  return addresses;
}

void write_v4(const Context& context, rte_mbuf* packet, IcmpError error) {
  const auto addresses = addresses_of_error<wire::Ipv4>(context, packet);
  set_size(packet, std::min<uint32_t>(packet->data_len, kErrorSizeV4 - sizeof(ErrorV4)));
  auto& header = *reinterpret_cast<ErrorV4*>(add_front(packet, sizeof(ErrorV4)));
  header = {};
  header.ip.version_ihl = 0x45;
  header.ip.tos = kInternetworkControl;
  header.ip.total_length = Be16::from_host(packet->data_len);
  header.ip.fragment = Be16::from_host(wire::Ipv4::kDontFragment);  // so no identification
  header.ip.ttl = kHopLimit;
  header.ip.protocol = wire::kIcmp;
  std::memcpy(header.ip.source, addresses.source, sizeof(addresses.source));
  std::memcpy(header.ip.destination, addresses.destination, sizeof(addresses.destination));
  header.ip.checksum = checksum_of(&header.ip, sizeof(header.ip));
  const bool too_big = error == IcmpError::kTooBig;
  header.icmp.type = too_big ? 3 : 11;
  header.icmp.code = too_big ? 4 : 0;
  header.icmp.rest = Be32::from_host(too_big ? meta(packet).mtu : 0u);  // RFC 1191 section 4
  header.icmp.checksum = checksum_of(&header.icmp, packet->data_len - sizeof(header.ip));
}

void write_v6(const Context& context, rte_mbuf* packet, IcmpError error) {
  const auto addresses = addresses_of_error<wire::Ipv6>(context, packet);
  set_size(packet, std::min<uint32_t>(packet->data_len, kErrorSizeV6 - sizeof(ErrorV6)));
  auto& header = *reinterpret_cast<ErrorV6*>(add_front(packet, sizeof(ErrorV6)));
  header = {};
  const uint32_t payload = packet->data_len - static_cast<uint32_t>(sizeof(header.ip));
  header.ip.version_class_flow = Be32::from_host(6u << 28);
  header.ip.payload_length = Be16::from_host(static_cast<uint16_t>(payload));
  header.ip.next_header = wire::kIcmp6;
  header.ip.hop_limit = kHopLimit;
  std::memcpy(header.ip.source, addresses.source, sizeof(addresses.source));
  std::memcpy(header.ip.destination, addresses.destination, sizeof(addresses.destination));
  const bool too_big = error == IcmpError::kTooBig;
  header.icmp.type = too_big ? 2 : 3;
  header.icmp.rest = Be32::from_host(too_big ? meta(packet).mtu : 0u);
  const uint64_t sum = pseudo_header_sum(header.ip.source, 16, wire::kIcmp6, payload);
  header.icmp.checksum = checksum_of(&header.icmp, payload, sum);
}

bool may_answer(Context& context, rte_mbuf* packet) {
  const Meta& info = meta(packet);
  if (info.origin == Origin::kSelf) return false;
  const uint8_t* bytes = bytes_of(packet);
  const bool allowed = info.family == 4 ? may_answer_v4(bytes, packet->data_len, info)
                                        : may_answer_v6(bytes, packet->data_len, info);
  if (!allowed) return false;
  const uint8_t* to = wire::source_of(bytes, info.family);
  return context.icmp_limit.take(to, wire::address_size(info.family), rte_rdtsc());
}

}  // namespace

void reject(Context& context, rte_mbuf* packet, Drop reason, IcmpError error) {
  if (!may_answer(context, packet)) return context.drop(packet, reason);
  Meta& info = meta(packet);
  if (info.family == 4) {
    write_v4(context, packet, error);
    info.l4_protocol = wire::kIcmp;
    info.l4_offset = sizeof(wire::Ipv4);
  } else {
    write_v6(context, packet, error);
    info.l4_protocol = wire::kIcmp6;
    info.l4_offset = sizeof(wire::Ipv6);
  }
  info.origin = Origin::kSelf;
  context.count_reused(packet, reason);
  context.held_for_route.push(packet);
}

}  // namespace raven::dataplane::stage
