// Packets for tests, put together from the inside out: ethernet(a, b, ipv4({...}, udp(...))).
// SPDX-License-Identifier: Apache-2.0
//
// Written without the code under test: own lengths, own (slow, obvious) checksums.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace raven::dataplane::test {

using Bytes = std::vector<uint8_t>;

Bytes operator+(Bytes a, const Bytes& b);
Bytes from_hex(const std::string& hex);
Bytes filled(std::size_t size, uint8_t first = 0);  // first, first + 1, ...

struct Ipv4Fields {
  std::string source, destination;
  uint8_t protocol = 17;
  uint8_t ttl = 64;
  uint8_t tos = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  uint16_t fragment_offset = 0;  // bytes
  uint16_t identification = 0;
  Bytes options = {};    // a multiple of 4
  int length_error = 0;  // added to total_length
  bool bad_checksum = false;
};
Bytes ipv4(const Ipv4Fields& fields, const Bytes& payload);

struct Ipv6Fields {
  std::string source, destination;
  uint8_t next_header = 17;
  uint8_t hop_limit = 64;
  uint8_t traffic_class = 0;
};
Bytes ipv6(const Ipv6Fields& fields, const Bytes& payload);

// Checksum 0, as tunnels send it.
Bytes udp(uint16_t source_port, uint16_t destination_port, const Bytes& payload);
Bytes vxlan(const Bytes& frame, uint32_t vni = 200, uint8_t flags = 0x08);

struct TcpFields {
  uint16_t source_port = 40000, destination_port = 80;
  uint8_t flags = 0x10;
  Bytes options = {};  // a multiple of 4
};
// With a correct checksum for the pseudo header of these IPv4 or IPv6 addresses.
Bytes tcp(
    const TcpFields& fields, const std::string& source, const std::string& destination,
    const Bytes& payload = {}
);

// An echo request (type 8) or another message.
Bytes icmp(uint8_t type, uint8_t code, const Bytes& rest);

using Mac = std::string;  // "02:00:00:00:00:01"
Bytes ethernet(const Mac& destination, const Mac& source, uint16_t type, const Bytes& payload);
// The type as the first byte of the IP packet says.
Bytes ethernet(const Mac& destination, const Mac& source, const Bytes& ip);

// One's complement sum over the bytes, as a checksum field holds it.
uint16_t internet_checksum(const Bytes& bytes);
Bytes pseudo_header(
    const std::string& source, const std::string& destination, uint8_t protocol, std::size_t length
);
// Of an IPv4 header inside a packet.
bool ipv4_checksum_holds(const Bytes& packet, std::size_t offset = 0);
// Of TCP, UDP or ICMPv6 in an IP packet without extension headers.
bool l4_checksum_holds(const Bytes& packet);

Bytes address_bytes(const std::string& address);
Bytes slice(const Bytes& bytes, std::size_t offset, std::size_t size = SIZE_MAX);
uint16_t u16_at(const Bytes& bytes, std::size_t offset);
void set_u16(Bytes& bytes, std::size_t offset, uint16_t value);

}  // namespace raven::dataplane::test
