// Packets for tests.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/testing/packet_builder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>

namespace raven::dataplane::test {
namespace {

Bytes be16(unsigned value) {
  return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}

Bytes mac_bytes(const Mac& mac) {
  Bytes bytes;
  for (std::size_t i = 0; i < 6; ++i)
    bytes.push_back(static_cast<uint8_t>(std::strtoul(mac.substr(3 * i, 2).c_str(), nullptr, 16)));
  return bytes;
}

}  // namespace

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::strtoul(hex.substr(i, 2).c_str(), nullptr, 16)));
  return bytes;
}

Bytes filled(std::size_t size, uint8_t first) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(first + i);
  return bytes;
}

Bytes address_bytes(const std::string& address) {
  Bytes bytes(16);
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  inet_pton(AF_INET, address.c_str(), bytes.data());
  return bytes;
}

Bytes slice(const Bytes& bytes, std::size_t offset, std::size_t size) {
  if (offset >= bytes.size()) return {};
  const std::size_t end = size > bytes.size() - offset ? bytes.size() : offset + size;
  return Bytes(
      bytes.begin() + static_cast<std::ptrdiff_t>(offset),
      bytes.begin() + static_cast<std::ptrdiff_t>(end)
  );
}

uint16_t u16_at(const Bytes& bytes, std::size_t offset) {
  return static_cast<uint16_t>(bytes.at(offset) << 8 | bytes.at(offset + 1));
}

void set_u16(Bytes& bytes, std::size_t offset, uint16_t value) {
  bytes.at(offset) = static_cast<uint8_t>(value >> 8);
  bytes.at(offset + 1) = static_cast<uint8_t>(value);
}

uint16_t internet_checksum(const Bytes& bytes) {
  uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    sum += static_cast<uint32_t>(bytes[i] << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0));
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

Bytes pseudo_header(
    const std::string& source, const std::string& destination, uint8_t protocol, std::size_t length
) {
  return address_bytes(source) + address_bytes(destination) + Bytes{0, 0} +
         be16(static_cast<unsigned>(length)) + Bytes{0, 0, 0, protocol};
}

Bytes ipv4(const Ipv4Fields& fields, const Bytes& payload) {
  const std::size_t header_size = 20 + fields.options.size();
  const auto total =
      static_cast<unsigned>(static_cast<int>(header_size + payload.size()) + fields.length_error);
  const unsigned fragment = (fields.dont_fragment ? 0x4000u : 0u) |
                            (fields.more_fragments ? 0x2000u : 0u) | fields.fragment_offset / 8u;
  Bytes header = Bytes{static_cast<uint8_t>(0x40 | header_size / 4), fields.tos} + be16(total) +
                 be16(fields.identification) + be16(fragment) +
                 Bytes{fields.ttl, fields.protocol, 0, 0} + address_bytes(fields.source) +
                 address_bytes(fields.destination) + fields.options;
  const uint16_t checksum = internet_checksum(header);
  set_u16(header, 10, static_cast<uint16_t>(checksum ^ (fields.bad_checksum ? 1 : 0)));
  return header + payload;
}

Bytes ipv6(const Ipv6Fields& fields, const Bytes& payload) {
  return Bytes{
             static_cast<uint8_t>(0x60 | fields.traffic_class >> 4),
             static_cast<uint8_t>(fields.traffic_class << 4), 0, 0} +
         be16(static_cast<unsigned>(payload.size())) + Bytes{fields.next_header, fields.hop_limit} +
         address_bytes(fields.source) + address_bytes(fields.destination) + payload;
}

Bytes udp(uint16_t source_port, uint16_t destination_port, const Bytes& payload) {
  return be16(source_port) + be16(destination_port) +
         be16(static_cast<unsigned>(8 + payload.size())) + Bytes{0, 0} + payload;
}

Bytes vxlan(const Bytes& frame, uint32_t vni, uint8_t flags) {
  return Bytes{
             flags,
             0,
             0,
             0,
             static_cast<uint8_t>(vni >> 16),
             static_cast<uint8_t>(vni >> 8),
             static_cast<uint8_t>(vni),
             0} +
         frame;
}

Bytes tcp(
    const TcpFields& fields, const std::string& source, const std::string& destination,
    const Bytes& payload
) {
  Bytes segment = be16(fields.source_port) + be16(fields.destination_port) + filled(8, 1) +
                  Bytes{static_cast<uint8_t>((5 + fields.options.size() / 4) << 4), fields.flags} +
                  be16(65535) + Bytes{0, 0, 0, 0} + fields.options + payload;
  set_u16(
      segment, 16,
      internet_checksum(pseudo_header(source, destination, 6, segment.size()) + segment)
  );
  return segment;
}

Bytes icmp(uint8_t type, uint8_t code, const Bytes& rest) {
  Bytes message = Bytes{type, code, 0, 0} + rest;
  set_u16(message, 2, internet_checksum(message));
  return message;
}

Bytes ethernet(const Mac& destination, const Mac& source, uint16_t type, const Bytes& payload) {
  return mac_bytes(destination) + mac_bytes(source) + be16(type) + payload;
}

Bytes ethernet(const Mac& destination, const Mac& source, const Bytes& ip) {
  const bool v6 = !ip.empty() && ip[0] >> 4 == 6;
  return ethernet(destination, source, v6 ? 0x86dd : 0x0800, ip);
}

bool ipv4_checksum_holds(const Bytes& packet, std::size_t offset) {
  const std::size_t size = (packet.at(offset) & 0xfu) * 4u;
  return internet_checksum(slice(packet, offset, size)) == 0;
}

bool l4_checksum_holds(const Bytes& packet) {
  const bool v4 = packet.at(0) >> 4 == 4;
  const std::size_t header = v4 ? (packet[0] & 0xfu) * 4u : 40;
  const std::size_t address_at = v4 ? 12 : 8, address_size = v4 ? 8 : 32;
  const Bytes segment = slice(packet, header);
  const Bytes pseudo = slice(packet, address_at, address_size) + Bytes{0, 0} +
                       be16(static_cast<unsigned>(segment.size())) +
                       Bytes{0, 0, 0, packet[v4 ? 9 : 6]};
  return internet_checksum(pseudo + segment) == 0;
}

}  // namespace raven::dataplane::test
