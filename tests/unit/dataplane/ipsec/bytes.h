// Byte strings for packet tests: hex in and out, IP packets to encrypt, buffers with room around.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace raven::dataplane::test {

using Bytes = std::vector<uint8_t>;

// Aborts on anything but hex digits, so that a typo in a vector is not a shorter vector.
Bytes from_hex(std::string_view hex);
std::string to_hex(const Bytes& bytes);

// A valid IPv4 or IPv6 packet of `size` bytes (>= 20 or 40) with a recognizable payload.
Bytes ipv4_packet(uint32_t size, uint8_t traffic_class = 0, bool dont_fragment = false);
Bytes ipv6_packet(uint32_t size, uint8_t traffic_class = 0);

// Writes the right checksum into the IPv4 header at the start of `packet`.
void fix_ipv4_checksum(Bytes& packet);
bool ipv4_checksum_is_right(const Bytes& packet);

// `bytes` in the middle of a larger buffer, at any offset of a cache line.  The slack behind is
// more than tailroom: the cipher library reads whole vectors.
class Room {
 public:
  static constexpr uint32_t kHeadroom = 128;
  static constexpr uint32_t kTailroom = 128;

  explicit Room(const Bytes& bytes, uint32_t misalignment = 0);
  uint8_t* data() { return data_; }
  uint32_t size() const { return size_; }

 private:
  Bytes buffer_;
  uint8_t* data_;
  uint32_t size_;
};

}  // namespace raven::dataplane::test
