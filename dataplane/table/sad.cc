// Building of the SPI table.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/sad.h"

#include <bit>
#include <cassert>

namespace raven::dataplane {

Sad::Sad(std::span<const SadEntry> entries, uint64_t hash_key)
    : key_{hash_key | 1},
      mask_{static_cast<uint32_t>(std::bit_ceil(2 * entries.size() + 2)) - 1},
      size_{entries.size()},
      slots_(mask_ + 1u) {
  for (const SadEntry& entry : entries) {
    assert(entry.spi >= 256 && find(entry.spi) == nullptr);
    uint32_t slot = hash(entry.spi);
    while (slots_[slot].spi != 0) slot = (slot + 1) & mask_;
    slots_[slot] = entry;
  }
}

}  // namespace raven::dataplane
