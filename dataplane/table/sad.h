// Sad: SPI -> inbound SA.  A flat open-addressed table, built off-path, then read-only.
// SPDX-License-Identifier: Apache-2.0
//
// The hash is keyed per table, so that chosen SPIs cannot be made to collide (esp-flood safety);
// the table is at most half full, a probe run is short.  The SAs themselves are owned by control
// (dataplane/sa) and outlive the table: it frees an SA through Quiescence after publishing a
// table without it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/packet/ids.h"

namespace raven::dataplane {

class InboundSa;

struct SadEntry {
  uint32_t spi = 0;          // host order; 0: empty (SPIs below 256 are reserved)
  PeerIndex peer = kNoPeer;  // whose pool the inner source must belong to
  WorkerId worker{0};        // owns the replay window; others hand packets over
  InboundSa* sa = nullptr;   // that worker: rw
};
static_assert(sizeof(SadEntry) == 16);

class Sad {
 public:
  Sad() : Sad(std::span<const SadEntry>{}, 0) {}
  // REQUIRES: SPIs are >= 256 and unique.
  Sad(std::span<const SadEntry> entries, uint64_t hash_key);

  // nullptr: unknown SPI.
  const SadEntry* find(uint32_t spi) const {
    for (uint32_t slot = hash(spi);; slot = (slot + 1) & mask_) {
      const SadEntry& entry = slots_[slot];
      if (entry.spi == spi) [[likely]]
        return spi == 0 ? nullptr : &entry;
      if (entry.spi == 0) return nullptr;
    }
  }
  std::size_t size() const { return size_; }

 private:
  uint32_t hash(uint32_t spi) const { return static_cast<uint32_t>((spi * key_) >> 32) & mask_; }
  uint64_t key_;
  uint32_t mask_;
  std::size_t size_;
  std::vector<SadEntry> slots_;
};

}  // namespace raven::dataplane
