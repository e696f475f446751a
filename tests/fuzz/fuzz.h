// What every fuzz target uses: its input, read from the front, and checks that end the run.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

namespace raven::fuzz {

using Bytes = std::vector<uint8_t>;

// Options first, one byte each, then what is parsed.  What is not there reads as 0.
class Input {
 public:
  Input(const uint8_t* data, std::size_t size) : left_{data, size} {}

  uint8_t byte() {
    if (left_.empty()) return 0;
    const uint8_t first = left_[0];
    left_ = left_.subspan(1);
    return first;
  }
  uint16_t two_bytes() {
    const unsigned high = byte();
    return static_cast<uint16_t>(high << 8 | byte());
  }
  // At most `size` bytes of what is left.
  std::span<const uint8_t> take(std::size_t size) {
    const auto taken = left_.first(size < left_.size() ? size : left_.size());
    left_ = left_.subspan(taken.size());
    return taken;
  }
  // All that is left, in memory that ends where it ends: AddressSanitizer sees each byte beyond.
  Bytes rest() {
    const auto all = take(left_.size());
    return {all.begin(), all.end()};
  }
  std::string_view rest_text() {
    const auto all = take(left_.size());
    return {reinterpret_cast<const char*>(all.data()), all.size()};
  }
  bool empty() const { return left_.empty(); }

 private:
  std::span<const uint8_t> left_;
};

// Ends the run as a crash, so that the fuzzer keeps the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n", what);
  __builtin_trap();
}

}  // namespace raven::fuzz
