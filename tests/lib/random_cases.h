// Random cases of a test: how many, from which seed, or one of them alone to look at a failure.
// SPDX-License-Identifier: Apache-2.0
//
// Case i is made from (seed, i) alone, so RAVEN_TEST_CASE=i repeats it without those before it.
// RAVEN_TEST_SEED and RAVEN_TEST_CASES choose other cases, or more of them.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/base/environment.h"

namespace raven::test {

// SplitMix64: quick to seed, and the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_{seed} {}
  Random(uint64_t seed, uint64_t index) : state_{Random{seed}.next() ^ Random{~index}.next()} {}

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    uint64_t word = state_;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
    return word ^ (word >> 31);
  }
  // 0 <= result < limit.
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>((next() >> 32) * limit >> 32); }
  uint32_t between(uint32_t first, uint32_t last) { return first + below(last - first + 1); }
  uint8_t byte() { return static_cast<uint8_t>(next() >> 56); }
  bool one_in(uint32_t cases) { return below(cases) == 0; }
  std::vector<uint8_t> bytes(std::size_t size) {
    std::vector<uint8_t> result(size);
    for (std::size_t i = 0; i < size; i += 8) {
      uint64_t word = next();
      for (std::size_t k = i; k < size && k < i + 8; ++k, word >>= 8)
        result[k] = static_cast<uint8_t>(word);
    }
    return result;
  }
  template <class Item, std::size_t size>
  const Item& pick(const Item (&items)[size]) {
    return items[below(size)];
  }

 private:
  uint64_t state_;
};

struct RandomCases {
  uint64_t seed;
  uint64_t count;  // of what the test counts
  bool alone;      // only case `first`
  uint64_t first;

  static RandomCases from_environment(uint64_t count) {
    const auto number = [](const char* name, uint64_t otherwise) {
      const std::string text = environment_variable(name);
      return text.empty() ? otherwise : std::strtoull(text.c_str(), nullptr, 0);
    };
    return {
        .seed = number("RAVEN_TEST_SEED", 20261125),
        .count = number("RAVEN_TEST_CASES", count),
        .alone = !environment_variable("RAVEN_TEST_CASE").empty(),
        .first = number("RAVEN_TEST_CASE", 0)};
  }
  // How to repeat case `index`.
  std::string repeat(uint64_t index) const {
    return "RAVEN_TEST_SEED=" + std::to_string(seed) + " RAVEN_TEST_CASE=" + std::to_string(index);
  }
};

}  // namespace raven::test
