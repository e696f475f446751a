// The Internet checksum (RFC 1071) and its incremental update (RFC 1624, equation 3).
// SPDX-License-Identifier: Apache-2.0
//
// Sums are over 16-bit words as they lie in memory, so results are stored without swapping
// (RFC 1071 section 2 (B)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "common/base/byte_order.h"

namespace raven::dataplane {

constexpr uint16_t fold_checksum(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// Adds `size` bytes to a running sum; an odd last byte counts as the first of a word.
inline uint64_t checksum_add(uint64_t sum, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  uint32_t word;
  for (; size >= 4; size -= 4, bytes += 4) {
    std::memcpy(&word, bytes, 4);
    sum += word;
  }
  uint32_t rest = 0;
  std::memcpy(&rest, bytes, size);
  return sum + rest;
}

inline Be16 be16_from_memory(uint16_t raw) {
  return Be16::from_host(host_to_big(raw));
}

// The value of a checksum field over `size` bytes (which hold the field as 0) and a start sum.
inline Be16 checksum_of(const void* data, std::size_t size, uint64_t sum = 0) {
  return be16_from_memory(static_cast<uint16_t>(~fold_checksum(checksum_add(sum, data, size))));
}

// True if the sum over data that includes its checksum field comes out right.
inline bool checksum_holds(const void* data, std::size_t size, uint64_t sum = 0) {
  return fold_checksum(checksum_add(sum, data, size)) == 0xffff;
}

// HC' = ~(~HC + ~m + m')
constexpr Be16 checksum_update(Be16 checksum, Be16 from, Be16 to) {
  const uint32_t sum = static_cast<uint16_t>(~checksum.raw()) +
                       static_cast<uint32_t>(static_cast<uint16_t>(~from.raw())) + to.raw();
  const uint16_t result = static_cast<uint16_t>(~fold_checksum(sum));
  return Be16::from_host(host_to_big(result));
}

// Sum of the pseudo header of TCP, UDP and ICMPv6; `address_size` 4 or 16, addresses adjacent
// (source then destination, as in both IP headers).
inline uint64_t pseudo_header_sum(
    const uint8_t* addresses, unsigned address_size, uint8_t protocol, uint32_t length
) {
  const uint64_t sum = checksum_add(0, addresses, 2u * address_size);
  return sum + host_to_big(length) + host_to_big(uint32_t{protocol});
}

}  // namespace raven::dataplane
