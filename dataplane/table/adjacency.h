// AdjacencyTable: next hop -> destination MAC and port.  The kernel resolves, control mirrors.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one 64-bit word per entry, written by control, read by workers; a worker never sees
// half a change.  `wanted` goes the other way: a worker had a packet for an unresolved entry.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/base/ip.h"
#include "dataplane/packet/ids.h"

namespace raven::dataplane {

// The word: bit 63 resolved, bits 48..62 port, bits 0..47 the MAC, its first byte lowest (so that
// a little-endian store of the low 6 bytes is the MAC on the wire).
struct Adjacency {
  uint64_t word = 0;

  static Adjacency make(const MacAddress& mac, PortIndex port) {
    uint64_t word = 1ull << 63 | static_cast<uint64_t>(port.value()) << 48;
    for (unsigned i = 0; i < 6; ++i) word |= static_cast<uint64_t>(mac.bytes[i]) << (8 * i);
    return {word};
  }
  bool resolved() const { return (word >> 63) != 0; }
  PortIndex port() const { return PortIndex{static_cast<uint16_t>(word >> 48 & 0x7fff)}; }
  MacAddress mac() const {
    MacAddress mac;
    for (unsigned i = 0; i < 6; ++i) mac.bytes[i] = static_cast<uint8_t>(word >> (8 * i));
    return mac;
  }
};

class AdjacencyTable {
 public:
  explicit AdjacencyTable(unsigned size) : size_{size}, slots_{new Slot[size]} {}

  unsigned size() const { return size_; }

  // Worker.  kNoAdjacency and indices out of range read as unresolved.
  Adjacency read(AdjacencyIndex index) const {
    if (index.value() >= size_) [[unlikely]]
      return {};
    return {slots_[index.value()].word.load(std::memory_order_relaxed)};
  }
  void want(AdjacencyIndex index) {
    if (index.value() < size_) slots_[index.value()].wanted.store(true, std::memory_order_relaxed);
  }

  // Control.  REQUIRES: index < size().
  void write(AdjacencyIndex index, Adjacency adjacency) {
    slots_[index.value()].word.store(adjacency.word, std::memory_order_relaxed);
  }
  // True once after workers dropped packets for lack of this neighbour.
  bool take_wanted(AdjacencyIndex index) {
    std::atomic<bool>& wanted = slots_[index.value()].wanted;
    return wanted.load(std::memory_order_relaxed) &&
           wanted.exchange(false, std::memory_order_relaxed);
  }

 private:
  struct Slot {
    std::atomic<uint64_t> word{0};    // worker: ro   control: wo
    std::atomic<bool> wanted{false};  // worker: wo   control: rw
  };
  unsigned size_;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace raven::dataplane
