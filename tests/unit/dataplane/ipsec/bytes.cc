// Hex, IP packets and buffers of packet tests.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/ipsec/bytes.h"

#include <algorithm>
#include <cstdlib>

namespace raven::dataplane::test {
namespace {

uint8_t digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  std::abort();
}

// RFC 1071, written once more on purpose: the tests do not trust the code under test.
uint16_t checksum_of(const Bytes& packet, std::size_t size) {
  uint32_t sum = 0;
  for (std::size_t i = 0; i < size; i += 2)
    sum += static_cast<uint32_t>(packet[i] << 8 | packet[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

std::size_t header_size(const Bytes& packet) {
  return static_cast<std::size_t>(packet[0] & 15) * 4;
}

}  // namespace

Bytes from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) std::abort();
  Bytes bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return bytes;
}

std::string to_hex(const Bytes& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const uint8_t byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

Bytes ipv4_packet(uint32_t size, uint8_t traffic_class, bool dont_fragment) {
  Bytes packet = from_hex(
      "450000000000000040110000"
      "0a010105"
      "0a020207"
  );
  packet.resize(size);
  packet[1] = traffic_class;
  packet[2] = static_cast<uint8_t>(size >> 8);
  packet[3] = static_cast<uint8_t>(size);
  packet[6] = dont_fragment ? 0x40 : 0;
  for (uint32_t i = 20; i < size; ++i) packet[i] = static_cast<uint8_t>(i * 7);
  fix_ipv4_checksum(packet);
  return packet;
}

Bytes ipv6_packet(uint32_t size, uint8_t traffic_class) {
  Bytes packet = from_hex(
      "6000000000001140"
      "fd000000000000000000000000000105"
      "fd000000000000000000000000000207"
  );
  packet.resize(size);
  packet[0] = static_cast<uint8_t>(0x60 | traffic_class >> 4);
  packet[1] = static_cast<uint8_t>(traffic_class << 4);
  packet[4] = static_cast<uint8_t>((size - 40) >> 8);
  packet[5] = static_cast<uint8_t>(size - 40);
  for (uint32_t i = 40; i < size; ++i) packet[i] = static_cast<uint8_t>(i * 11);
  return packet;
}

void fix_ipv4_checksum(Bytes& packet) {
  packet[10] = packet[11] = 0;
  const uint16_t checksum = checksum_of(packet, header_size(packet));
  packet[10] = static_cast<uint8_t>(checksum >> 8);
  packet[11] = static_cast<uint8_t>(checksum);
}

bool ipv4_checksum_is_right(const Bytes& packet) {
  return checksum_of(packet, header_size(packet)) == 0;
}

Room::Room(const Bytes& bytes, uint32_t misalignment)
    : buffer_(kHeadroom + 64 + misalignment + bytes.size() + kTailroom + 64),
      size_{static_cast<uint32_t>(bytes.size())} {
  const auto address = reinterpret_cast<uintptr_t>(buffer_.data()) + kHeadroom + 63;
  data_ = reinterpret_cast<uint8_t*>(address & ~uintptr_t{63}) + misalignment % 64;
  std::copy(bytes.begin(), bytes.end(), data_);
}

}  // namespace raven::dataplane::test
