// Positions grow for ever; a record never lies over the end of the memory.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/record_ring.h"

namespace raven::dataplane {

uint8_t* RecordRing::reserve(uint32_t size) {
  const uint64_t room = room_of(size);
  const uint64_t to_end = capacity() - reserved_ % capacity();
  const uint64_t skipped = to_end < room ? to_end : 0;
  const uint64_t used = reserved_ - tail_.load(std::memory_order_acquire);
  if (used + skipped + room > capacity()) return nullptr;
  if (skipped != 0) word(reserved_) = kSkip;
  reserved_ += skipped;
  word(reserved_) = size;
  auto* record = reinterpret_cast<uint8_t*>(&word(reserved_) + 1);
  reserved_ += room;
  return record;
}

std::span<const uint8_t> RecordRing::front() {
  uint64_t tail = tail_.load(std::memory_order_relaxed);
  if (tail == head_.load(std::memory_order_acquire)) return {};
  if (word(tail) == kSkip) {
    tail += capacity() - tail % capacity();
    tail_.store(tail, std::memory_order_release);
  }
  return {reinterpret_cast<const uint8_t*>(&word(tail) + 1), word(tail)};
}

void RecordRing::pop(std::span<const uint8_t> record) {
  const uint64_t tail = tail_.load(std::memory_order_relaxed);
  tail_.store(tail + room_of(record.size()), std::memory_order_release);
}

}  // namespace raven::dataplane
