// RecordRing: records of any size from one writer to one reader, in a fixed piece of memory.
// SPDX-License-Identifier: Apache-2.0
//
// Never blocks: what does not fit is refused.
// Threading: reserve() and publish() by one thread, read() by another one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace raven::dataplane {

class RecordRing {
 public:
  // REQUIRES: a power of two.
  explicit RecordRing(std::size_t bytes) : memory_(bytes / sizeof(uint64_t)) {}

  // Room for a record, aligned to 8 bytes; nullptr: full.  The reader sees it after publish().
  uint8_t* reserve(uint32_t size);
  void publish() { head_.store(reserved_, std::memory_order_release); }

  // Gives the oldest record to `take`; false: there is none.
  template <class Take>
  bool read(Take take) {
    const std::span<const uint8_t> record = front();
    if (record.empty()) return false;
    take(record);
    pop(record);
    return true;
  }

 private:
  static constexpr uint64_t kUnit = sizeof(uint64_t);  // in front of each record: its size
  static constexpr uint64_t kSkip = UINT64_MAX;        // the next record is at the beginning

  uint64_t capacity() const { return memory_.size() * kUnit; }
  uint64_t& word(uint64_t position) { return memory_[position / kUnit & (memory_.size() - 1)]; }
  static uint64_t room_of(uint64_t size) { return kUnit + (size + kUnit - 1) / kUnit * kUnit; }
  std::span<const uint8_t> front();
  void pop(std::span<const uint8_t> record);

  std::vector<uint64_t> memory_;
  uint64_t reserved_ = 0;                      // writer
  alignas(64) std::atomic<uint64_t> head_{0};  // writer: rw   reader: ro
  alignas(64) std::atomic<uint64_t> tail_{0};  // writer: ro   reader: rw
};

}  // namespace raven::dataplane
