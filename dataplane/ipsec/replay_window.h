// ReplayWindow: which sequence numbers of an inbound SA were received (RFC 4303 section 3.4.3).
// SPDX-License-Identifier: Apache-2.0
//
// A ring of 64-bit words as in RFC 6479: moving the window clears whole words, never shifts.  The
// window is exactly `size` packets wide: highest - size + 1 is inside, highest - size is too old.
// The ring may be in memory that outlives the process, behind a word that says how far it has
// moved: what that memory holds after a SIGKILL at any instruction refuses every number that was
// recorded (and, cut off in the middle of a move, up to 64 that were not).
// Threading: one writer (the owner worker); highest() may be read by any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/ipsec/esp_verdict.h"

namespace raven::dataplane {

class ReplayWindow {
 public:
  // `size` in packets, kReplayWindowMin..kReplayWindowMax.  Numbers up to `highest` count as seen.
  explicit ReplayWindow(uint32_t size, uint64_t highest = 0);
  // The same in the caller's memory of words(size), which must outlive it.
  ReplayWindow(uint32_t size, uint64_t highest, uint64_t* memory);
  // Goes on with what `memory` holds.  REQUIRES: kept_highest(size, memory).
  static ReplayWindow resume(uint32_t size, uint64_t* memory);

  static uint32_t words(uint32_t size);
  // The highest number recorded in this memory; nothing: it holds no window.
  static std::optional<uint64_t> kept_highest(uint32_t size, const uint64_t* memory);

  // The full number of a packet with these low 32 bits (RFC 4303 appendix A2.2): the smallest one
  // that is not left of the window.
  uint64_t infer(uint32_t low) const {
    const uint64_t top = highest_.load(std::memory_order_relaxed);
    const uint64_t bottom = top >= size_ ? top - size_ + 1 : 0;
    const uint64_t number = (bottom & ~uint64_t{UINT32_MAX}) | low;
    return number >= bottom ? number : number + (uint64_t{1} << 32);
  }

  // Before the ICV check: kOk, kReplayOld or kReplayDup.  Changes nothing.
  EspVerdict could_accept(uint64_t sequence) const {
    const uint64_t top = highest_.load(std::memory_order_relaxed);
    if (sequence > top) return EspVerdict::kOk;
    if (sequence == 0 || top - sequence >= size_) return EspVerdict::kReplayOld;
    return is_set(sequence) ? EspVerdict::kReplayDup : EspVerdict::kOk;
  }

  // After the ICV check: checks again (a burst may hold the same number twice) and marks.
  EspVerdict record(uint64_t sequence);

  uint64_t highest() const { return highest_.load(std::memory_order_relaxed); }
  uint32_t size() const { return size_; }

 private:
  bool is_set(uint64_t sequence) const {
    return (words_[(sequence >> 6) & word_mask_] >> (sequence & 63) & 1) != 0;
  }
  void advance(uint64_t from, uint64_t to);
  struct Kept {};
  ReplayWindow(Kept, uint32_t size, uint64_t* memory);

  std::atomic<uint64_t> highest_;
  uint32_t size_;
  uint32_t word_mask_;  // words in the ring - 1; the ring is at least one word longer than `size`
  uint64_t* words_;     // the ring; words_[-1] is the sealed number of its newest word
  std::unique_ptr<uint64_t[]> own_memory_;
};

inline EspVerdict ReplayWindow::record(uint64_t sequence) {
  const EspVerdict verdict = could_accept(sequence);
  if (verdict != EspVerdict::kOk) return verdict;
  const uint64_t top = highest();
  if (sequence > top) {
    if (sequence >> 6 != top >> 6) advance(top >> 6, sequence >> 6);
    highest_.store(sequence, std::memory_order_relaxed);
  }
  words_[(sequence >> 6) & word_mask_] |= uint64_t{1} << (sequence & 63);
  return EspVerdict::kOk;
}

}  // namespace raven::dataplane
