// A number and its check in one 64-bit word, for state that must outlive a crash of its writer.
// SPDX-License-Identifier: Apache-2.0
//
// One store replaces both, so whoever reads after a SIGKILL finds the old number or the new one,
// never half of each; and a word in which one byte (or any run of 16 bits) was damaged is refused.
#pragma once

#include <cstdint>
#include <optional>

namespace raven::dataplane {

inline constexpr uint64_t kSealedMax = (uint64_t{1} << 48) - 1;

// Inverted, so that memory that was never written (all zero) is refused.
constexpr uint64_t seal_check(uint64_t value) {
  return ~(value ^ value >> 16 ^ value >> 32) & 0xffff;
}

// A number above kSealedMax gives a word that unseal() refuses.
constexpr uint64_t seal(uint64_t value) {
  return value > kSealedMax ? 0 : value << 16 | seal_check(value);
}

constexpr std::optional<uint64_t> unseal(uint64_t word) {
  const uint64_t value = word >> 16;
  if ((word & 0xffff) != seal_check(value)) return std::nullopt;
  return value;
}

}  // namespace raven::dataplane
