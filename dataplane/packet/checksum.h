// Checksum fields of wire structures: common/base/internet_checksum.h in terms of Be16.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/byte_order.h"
#include "common/base/internet_checksum.h"

namespace raven::dataplane {

inline Be16 be16_from_memory(uint16_t raw) {
  return Be16::from_host(host_to_big(raw));
}

// The value of a checksum field over `size` bytes (which hold the field as 0) and a start sum.
inline Be16 checksum_of(const void* data, std::size_t size, uint64_t sum = 0) {
  return be16_from_memory(static_cast<uint16_t>(~fold_checksum(add_to_checksum(sum, data, size))));
}

// True if the sum over data that includes its checksum field comes out right.
inline bool checksum_holds(const void* data, std::size_t size, uint64_t sum = 0) {
  return fold_checksum(add_to_checksum(sum, data, size)) == 0xffff;
}

inline Be16 checksum_update(Be16 checksum, Be16 from, Be16 to) {
  return be16_from_memory(update_checksum(checksum.raw(), from.raw(), to.raw()));
}

// The checksum of an IPv4 header whose TTL went down by one (RFC 1624, RFC 1141 section 4).
inline Be16 checksum_after_ttl(Be16 checksum) {
  const uint32_t sum = uint32_t{checksum.raw()} + host_to_big(uint16_t{0x0100});
  return be16_from_memory(static_cast<uint16_t>(sum + (sum >= UINT16_MAX ? 1 : 0)));
}

// Sum of the pseudo header of TCP, UDP and ICMPv6; `address_size` 4 or 16, addresses adjacent
// (source then destination, as in both IP headers).
inline uint64_t pseudo_header_sum(
    const uint8_t* addresses, unsigned address_size, uint8_t protocol, uint32_t length
) {
  const uint64_t sum = add_to_checksum(0, addresses, std::size_t{2} * address_size);
  return sum + host_to_big(length) + host_to_big(uint32_t{protocol});
}

}  // namespace raven::dataplane
