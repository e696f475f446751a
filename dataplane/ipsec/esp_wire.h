// Reading and writing packet bytes, and what both directions write alike: nonce and associated
// data.
// SPDX-License-Identifier: Apache-2.0
//
// Nonce and associated data are built in registers and stored as one 16-byte word, so that the
// vector loads of the cipher find it in the store buffer.
#pragma once

#include <emmintrin.h>

#include <cstdint>
#include <cstring>

#include "common/base/byte_order.h"

namespace raven::dataplane::esp_wire {

inline constexpr uint8_t kNextHeaderIpv4 = 4;
inline constexpr uint8_t kNextHeaderIpv6 = 41;
inline constexpr uint8_t kNextHeaderDummy = 59;  // RFC 4303 section 2.6
inline constexpr uint32_t kTrailerSize = 2;      // pad length and next header

inline void store_16(uint8_t* out, uint64_t first, uint64_t second) {
  const __m128i word =
      _mm_set_epi64x(static_cast<long long>(second), static_cast<long long>(first));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), word);
}

inline void copy_16(uint8_t* out, const uint8_t* in) {
  store_16(out, load<uint64_t>(in), load<uint64_t>(in + 8));
}

inline uint32_t load_be16(const uint8_t* bytes) {
  return host_to_big(load<uint16_t>(bytes));
}

inline void store_be16(uint8_t* out, uint32_t value) {
  const uint16_t wire = host_to_big(static_cast<uint16_t>(value));
  std::memcpy(out, &wire, sizeof(wire));
}

// AEAD nonce: salt | IV (RFC 4106 section 3.1, RFC 7634 section 2).  `iv`: as it is in memory.
inline void write_nonce(uint8_t* nonce, uint32_t salt, uint64_t iv) {
  store_16(nonce, salt | iv << 32, iv >> 32);
}

// Associated data: SPI | sequence, with ESN SPI | high | low (RFC 4106 section 5).  Returns its
// size.
inline uint8_t write_aad(uint8_t* aad, uint32_t spi_wire, uint64_t sequence, bool esn) {
  const uint64_t low = host_to_big(static_cast<uint32_t>(sequence));
  const uint64_t high = host_to_big(static_cast<uint32_t>(sequence >> 32));
  store_16(aad, spi_wire | (esn ? high : low) << 32, low);
  return esn ? 12 : 8;
}

// What is neither IPv4 nor IPv6 is a dummy (RFC 4303 section 2.6).
inline uint8_t next_header_of(uint8_t first_byte) {
  const unsigned version = first_byte >> 4;
  if (version == 4) [[likely]]
    return kNextHeaderIpv4;
  return version == 6 ? kNextHeaderIpv6 : kNextHeaderDummy;
}

// RFC 4303 section 2.4.  Padding goes out as one 16-byte word: what is too much of it lies where
// the ICV will be.
inline void write_trailer(uint8_t* end_of_inner, uint32_t pad, uint8_t next_header) {
  store_16(end_of_inner, 0x0807060504030201u, 0x100f0e0d0c0b0a09u);
  const auto trailer = static_cast<uint16_t>(pad | unsigned{next_header} << 8);
  std::memcpy(end_of_inner + pad, &trailer, sizeof(trailer));
}

}  // namespace raven::dataplane::esp_wire
