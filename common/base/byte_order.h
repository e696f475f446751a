// Be<T>: an integer as it is on the wire (big-endian).  Only from_host() and host() cross over.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>

namespace raven {

template <std::unsigned_integral T>
constexpr T swap_bytes(T value) {
  if constexpr (sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(value));
  if constexpr (sizeof(T) == 4) return __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
}

template <std::unsigned_integral T>
constexpr T host_to_big(T value) {
  return std::endian::native == std::endian::little ? swap_bytes(value) : value;
}

// A value at any alignment, with its bytes as in memory.
template <class T>
T load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

// Packed, so that it may be at any offset of a wire structure.
template <std::unsigned_integral T>
class [[gnu::packed]] Be {
 public:
  constexpr Be() = default;
  static constexpr Be from_host(T value) {
    Be result;
    result.raw_ = host_to_big(value);
    return result;
  }
  constexpr T host() const { return host_to_big(raw_); }
  constexpr T raw() const { return raw_; }
  constexpr bool operator==(const Be& other) const { return raw_ == other.raw_; }

 private:
  T raw_;
};

using Be16 = Be<uint16_t>;
using Be32 = Be<uint32_t>;
using Be64 = Be<uint64_t>;

static_assert(sizeof(Be32) == 4 && alignof(Be32) == 1);

}  // namespace raven
