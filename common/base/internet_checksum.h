// The Internet checksum (RFC 1071) and its incremental update (RFC 1624).
// SPDX-License-Identifier: Apache-2.0
//
// Sums are of 16-bit words as they are in memory, so results are stored as they are, without
// swapping: the ones' complement sum is independent of byte order.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace raven {

// 64-bit ones' complement sum of `size` bytes, added to `sum`; fold it with fold_checksum().  Only
// the last part of a message may have an odd size.
inline uint64_t add_to_checksum(uint64_t sum, const void* data, std::size_t size) {
  const uint8_t* bytes = static_cast<const uint8_t*>(data);
  for (; size >= 4; size -= 4, bytes += 4) {
    uint32_t word;
    std::memcpy(&word, bytes, sizeof(word));
    sum += word;
  }
  for (unsigned shift = 0; size > 0; --size, ++bytes, shift += 8) sum += uint64_t{*bytes} << shift;
  return sum;
}

// Folds a sum to 16 bits, not complemented: the halves are added in the upper half, where the carry
// of the lower one is added too.
inline uint16_t fold_checksum(uint32_t sum) {
  return static_cast<uint16_t>((sum + std::rotl(sum, 16)) >> 16);
}
inline uint16_t fold_checksum(uint64_t sum) {
  return fold_checksum(static_cast<uint32_t>((sum + std::rotl(sum, 32)) >> 32));
}

// The checksum field of a header whose field is zero, or 0 for a header whose field is right.
inline uint16_t internet_checksum(const void* data, std::size_t size) {
  return static_cast<uint16_t>(~fold_checksum(add_to_checksum(0, data, size)));
}

// The checksum after one 16-bit word went from `before` to `after`, all as in memory.
inline uint16_t update_checksum(uint16_t checksum, uint16_t before, uint16_t after) {
  const uint32_t sum =
      uint32_t{static_cast<uint16_t>(~checksum)} + static_cast<uint16_t>(~before) + after;
  return static_cast<uint16_t>(~fold_checksum(sum));
}

}  // namespace raven
