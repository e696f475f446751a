// Building and moving the window.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/replay_window.h"

#include <algorithm>
#include <bit>

#include "dataplane/ipsec/sealed.h"

namespace raven::dataplane {
namespace {

constexpr uint32_t kWordBits = 64;

// A window that starts in the middle of a word touches one word more than its size fills.
uint32_t ring_words(uint32_t size) {
  return std::bit_ceil((size + kWordBits - 1) / kWordBits + 1);
}

}  // namespace

ReplayWindow::ReplayWindow(uint32_t size, uint64_t highest)
    : ReplayWindow{size, highest, std::make_unique<uint64_t[]>(words(size)).release()} {
  own_memory_.reset(words_ - 1);
}

ReplayWindow::ReplayWindow(uint32_t size, uint64_t highest, uint64_t* memory)
    : highest_{highest}, size_{size}, word_mask_{ring_words(size) - 1}, words_{memory + 1} {
  words_[-1] = seal(highest >> 6);
  std::fill_n(words_, word_mask_ + 1, highest == 0 ? 0 : UINT64_MAX);
  // Numbers above `highest` that share its word are not seen yet.
  if (highest != 0) words_[(highest >> 6) & word_mask_] = UINT64_MAX >> (63 - (highest & 63));
}

ReplayWindow::ReplayWindow(Kept, uint32_t size, uint64_t* memory)
    : highest_{kept_highest(size, memory).value_or(0)},
      size_{size},
      word_mask_{ring_words(size) - 1},
      words_{memory + 1} {}

ReplayWindow ReplayWindow::resume(uint32_t size, uint64_t* memory) {
  return ReplayWindow{Kept{}, size, memory};
}

uint32_t ReplayWindow::words(uint32_t size) {
  return 1 + ring_words(size);
}

// A newest word without a bit: the move to it was the last thing that happened.
std::optional<uint64_t> ReplayWindow::kept_highest(uint32_t size, const uint64_t* memory) {
  const std::optional<uint64_t> newest = unseal(memory[0]);
  if (!newest) return std::nullopt;
  const uint64_t bits = memory[1 + (*newest & (ring_words(size) - 1))];
  if (bits != 0) return (*newest << 6) + static_cast<uint64_t>(std::bit_width(bits)) - 1;
  return *newest == 0 ? 0 : (*newest << 6) - 1;
}

// Clears the words after word `from` up to word `to`: at most the whole ring, however far the jump.
// The move is noted before: a crash between the two leaves too many numbers seen, never too few.
void ReplayWindow::advance(uint64_t from, uint64_t to) {
  words_[-1] = seal(to);
  std::atomic_thread_fence(std::memory_order_release);
  const uint64_t first = std::max(from + 1, to >= word_mask_ ? to - word_mask_ : 0);
  for (uint64_t word = first; word <= to; ++word) words_[word & word_mask_] = 0;
}

}  // namespace raven::dataplane
