// Building of the trie.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/prefix_trie.h"

#include <algorithm>
#include <cassert>

namespace raven::dataplane {

PrefixTrie::PrefixTrie() : root_(1u << 16, 0) {}

void PrefixTrie::insert(const uint8_t* address, unsigned length, uint32_t value) {
  assert(value <= kValueMax);
  assert(length >= length_max_);
  length_max_ = length;

  // Down through the levels that the prefix fills completely.
  std::vector<uint32_t>* table = &root_;
  std::size_t base = 0;  // of the block within *table
  std::size_t slot = static_cast<std::size_t>(address[0]) << 8 | address[1];
  unsigned depth = 16;  // bits up to and with this level
  while (length > depth) {
    const uint32_t entry = (*table)[base + slot];
    const std::size_t child = child_of(entry);
    (*table)[base + slot] = kIsChild | static_cast<uint32_t>(child);
    table = &blocks_;
    base = child * kBlockSize;
    slot = address[depth / 8];
    depth += 8;
  }
  // What is there belongs to shorter prefixes, or to this very one.
  const auto first = table->begin() + static_cast<std::ptrdiff_t>(base + slot);
  std::fill(first, first + (std::ptrdiff_t{1} << (depth - length)), value);
}

// The child block behind an entry; a new one starts as what the entry said.
std::size_t PrefixTrie::child_of(uint32_t entry) {
  if ((entry & kIsChild) != 0) return entry & ~kIsChild;
  const std::size_t child = blocks_.size() / kBlockSize;
  blocks_.resize(blocks_.size() + kBlockSize, entry);
  return child;
}

}  // namespace raven::dataplane
