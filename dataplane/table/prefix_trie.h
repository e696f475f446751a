// PrefixTrie: longest prefix match over addresses of 32 or 128 bits, one 24-bit value per prefix.
// SPDX-License-Identifier: Apache-2.0
//
// A multibit trie: the first 16 bits index the root, each further level takes 8.  An entry is a
// value or the number of a child block.  At most 3 loads for IPv4, 7 for an IPv6 /64.
// Not rte_lpm/rte_fib: their first level is 2^24 entries, 64 MB per family and copy, which five
// boxes on one machine and whole-table replacement cannot afford; this one starts at 256 KB.
//
// Threading: insert() by one thread before the object is shared, lookup() by any after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace raven::dataplane {

class PrefixTrie {
 public:
  static constexpr uint32_t kValueMax = (1u << 24) - 1;

  PrefixTrie();

  // `address` in network order, without host bits.  REQUIRES: value <= kValueMax (0: a hole); no
  // longer prefix was inserted before (so that nothing has to remember who wrote an entry).
  void insert(const uint8_t* address, unsigned length, uint32_t value);

  // The value of the longest prefix that holds the address, 0: none.
  uint32_t lookup(const uint8_t* address) const {
    uint32_t entry = root_[static_cast<uint32_t>(address[0]) << 8 | address[1]];
    const uint8_t* next = address + 2;
    while ((entry & kIsChild) != 0) entry = blocks_[(entry & ~kIsChild) * kBlockSize + *next++];
    return entry;
  }

  std::size_t memory_bytes() const {
    return (root_.capacity() + blocks_.capacity()) * sizeof(uint32_t);
  }

 private:
  static constexpr uint32_t kIsChild = 1u << 31;
  static constexpr std::size_t kBlockSize = 256;

  std::size_t child_of(uint32_t entry);

  std::vector<uint32_t> root_;
  std::vector<uint32_t> blocks_;
  unsigned length_max_ = 0;  // inserted so far
};

}  // namespace raven::dataplane
