// Reading of headers without judging them, and one line about them.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/headers.h"

#include <fmt/format.h>

#include "common/wire/raven.h"
#include "dataplane/packet/parse.h"

namespace raven::dataplane {
namespace {

struct EspHead {
  Be32 spi;
  Be32 sequence;
};

void read_esp(const uint8_t* bytes, uint32_t size, uint32_t offset, Headers& headers) {
  const auto* esp = view_at<EspHead>(bytes, size, offset);
  if (esp == nullptr || esp->spi.host() == 0) return;  // 0: IKE behind the non-ESP marker
  headers.spi = esp->spi.host();
  headers.sequence = esp->sequence.host();
}

void read_udp(const uint8_t* bytes, uint32_t size, Headers& headers) {
  const auto* udp = view_at<wire::Udp>(bytes, size, headers.l4_offset);
  if (udp == nullptr) return;
  headers.source_port = udp->source_port.host();
  headers.destination_port = udp->destination_port.host();
  const bool natt = headers.source_port == kTunnelPort || headers.destination_port == kTunnelPort;
  if (natt) read_esp(bytes, size, headers.l4_offset + uint32_t{sizeof(*udp)}, headers);
}

void read_layer_4(const uint8_t* bytes, uint32_t size, Headers& headers) {
  if (headers.protocol == wire::kEsp) return read_esp(bytes, size, headers.l4_offset, headers);
  if (headers.protocol == wire::kUdp) return read_udp(bytes, size, headers);
  if (headers.protocol == wire::kTcp) {
    const auto* tcp = view_at<wire::Tcp>(bytes, size, headers.l4_offset);
    if (tcp == nullptr) return;
    headers.source_port = tcp->source_port.host();
    headers.destination_port = tcp->destination_port.host();
    headers.tcp_flags = tcp->flags;
  } else if (headers.protocol == wire::kIcmp || headers.protocol == wire::kIcmp6) {
    const auto* icmp = view_at<wire::Icmp>(bytes, size, headers.l4_offset);
    if (icmp == nullptr) return;
    headers.icmp_type = icmp->type;
    headers.icmp_code = icmp->code;
  }
}

std::string protocol_name(const Headers& headers) {
  switch (headers.protocol) {
    case wire::kIcmp:
      return "ICMP";
    case wire::kIcmp6:
      return "ICMPv6";
    case wire::kTcp:
      return "TCP";
    case wire::kUdp:
      return "UDP";
    case wire::kEsp:
      return "ESP";
    default:
      return fmt::format("protocol {}", headers.protocol);
  }
}

std::string icmp_name(const Headers& headers) {
  const bool v6 = headers.protocol == wire::kIcmp6;
  const unsigned type = headers.icmp_type;
  if (type == (v6 ? 128 : 8)) return "echo request";
  if (type == (v6 ? 129 : 0)) return "echo reply";
  if (type == (v6 ? 3 : 11)) return "time exceeded";
  if (v6 && type == 2) return "packet too big";
  if (!v6 && type == 3 && headers.icmp_code == 4) return "fragmentation needed";
  if (type == (v6 ? 1 : 3)) return "unreachable";
  return fmt::format("type {} code {}", type, headers.icmp_code);
}

std::string tcp_flag_names(uint8_t flags) {
  static constexpr std::string_view kNames[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
  std::string names;
  for (unsigned bit = 0; bit < std::size(kNames); ++bit)
    if ((flags >> bit & 1) != 0) names += (names.empty() ? "" : ",") + std::string{kNames[bit]};
  return names;
}

std::string endpoint(const IpAddress& address, uint16_t port) {
  if (port == 0) return address.text();
  return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), address.text(), port);
}

std::string non_ip_summary(const Headers& headers) {
  switch (headers.ether_type) {
    case 0:
      return "not readable";
    case wire::kEtherIpv4:
      return "malformed IPv4";
    case wire::kEtherIpv6:
      return "malformed IPv6";
    case 0x0806:
      return "ARP";
    default:
      return fmt::format("EtherType {:04x}", headers.ether_type);
  }
}

}  // namespace

Headers read_headers(const uint8_t* bytes, uint32_t size, Layer layer) {
  Headers headers;
  uint32_t offset = 0;
  if (layer == Layer::kEthernet) {
    const auto* ethernet = view_at<wire::Ethernet>(bytes, size, 0);
    if (ethernet == nullptr) return headers;
    headers.ether_type = ethernet->type.host();
    if (headers.ether_type != wire::kEtherIpv4 && headers.ether_type != wire::kEtherIpv6)
      return headers;
    offset = sizeof(*ethernet);
  }
  const uint8_t* ip = bytes + offset;
  IpView view;
  if (parse_ip(ip, size - offset, view, HeaderChecksum::kTrust) == IpVerdict::kMalformed)
    return headers;
  headers.family = view.family;
  headers.protocol = view.protocol;
  headers.is_fragment = view.is_fragment;
  if (view.family == 4) {
    headers.source = IpAddress::v4_bytes(wire::source_of(ip, 4));
    headers.destination = IpAddress::v4_bytes(wire::destination_of(ip, 4));
  } else {
    headers.source = IpAddress::v6_bytes(wire::source_of(ip, 6));
    headers.destination = IpAddress::v6_bytes(wire::destination_of(ip, 6));
  }
  if (view.l4_offset == 0) return headers;
  headers.l4_offset = static_cast<uint16_t>(offset + view.l4_offset);
  read_layer_4(bytes, offset + view.size, headers);
  return headers;
}

Headers read_vxlan_inner(const uint8_t* bytes, uint32_t size, const Headers& outer) {
  const bool vxlan = outer.protocol == wire::kUdp && outer.destination_port == kVxlanPort;
  const uint32_t inner = outer.l4_offset + uint32_t{sizeof(wire::Udp) + sizeof(wire::Vxlan)};
  if (!vxlan || inner > size) return {};
  return read_headers(bytes + inner, size - inner, Layer::kEthernet);
}

std::string summary(const Headers& headers) {
  if (headers.family == 0) return non_ip_summary(headers);
  std::string text = fmt::format(
      "{} {} > {}", protocol_name(headers), endpoint(headers.source, headers.source_port),
      endpoint(headers.destination, headers.destination_port)
  );
  if (headers.is_fragment) text += " fragment";
  if (headers.l4_offset == 0) return text;
  if (headers.spi != 0) {
    const char* inside = headers.protocol == wire::kUdp ? " ESP" : "";
    text += fmt::format("{} spi {:08x} seq {}", inside, headers.spi, headers.sequence);
  } else if (headers.protocol == wire::kTcp) {
    text += " " + tcp_flag_names(headers.tcp_flags);
  } else if (headers.protocol == wire::kIcmp || headers.protocol == wire::kIcmp6) {
    text += " " + icmp_name(headers);
  }
  return text;
}

}  // namespace raven::dataplane
