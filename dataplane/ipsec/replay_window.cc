// Building and moving the window.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/replay_window.h"

#include <algorithm>
#include <bit>

namespace raven::dataplane {
namespace {

constexpr uint32_t kWordBits = 64;

// A window that starts in the middle of a word touches one word more than its size fills.
uint32_t ring_words(uint32_t size) {
  return std::bit_ceil((size + kWordBits - 1) / kWordBits + 1);
}

}  // namespace

ReplayWindow::ReplayWindow(uint32_t size, uint64_t highest)
    : highest_{highest},
      size_{size},
      word_mask_{ring_words(size) - 1},
      words_{std::make_unique<uint64_t[]>(ring_words(size))} {
  std::fill_n(words_.get(), word_mask_ + 1, highest == 0 ? 0 : UINT64_MAX);
  // Numbers above `highest` that share its word are not seen yet.
  if (highest != 0) words_[(highest >> 6) & word_mask_] = UINT64_MAX >> (63 - (highest & 63));
}

// Clears the words after word `from` up to word `to`: at most the whole ring, however far the jump.
void ReplayWindow::advance(uint64_t from, uint64_t to) {
  const uint64_t first = std::max(from + 1, to >= word_mask_ ? to - word_mask_ : 0);
  for (uint64_t word = first; word <= to; ++word) words_[word & word_mask_] = 0;
}

}  // namespace raven::dataplane
