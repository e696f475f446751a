// Fib: prefix -> Target for both families.  Built off-path, then read-only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/ip.h"
#include "dataplane/packet/target.h"
#include "dataplane/table/prefix_trie.h"

namespace raven::dataplane {

struct FibRow {
  IpPrefix prefix;
  Target target;  // kNone: as if no shorter prefix were there
};

class Fib {
 public:
  Fib() = default;
  // In any order; of two rows with the same prefix the later one holds.
  explicit Fib(std::vector<FibRow> rows);

  // Addresses in network order, at any alignment.
  Target lookup_v4(const void* address) const {
    return Target::unpack(v4_.lookup(static_cast<const uint8_t*>(address)));
  }
  Target lookup_v6(const void* address) const {
    return Target::unpack(v6_.lookup(static_cast<const uint8_t*>(address)));
  }
  Target lookup(const IpAddress& address) const {
    const void* bytes = address.bytes().data();
    return address.is_v4() ? lookup_v4(bytes) : lookup_v6(bytes);
  }

  std::size_t memory_bytes() const { return v4_.memory_bytes() + v6_.memory_bytes(); }

 private:
  PrefixTrie v4_;
  PrefixTrie v6_;
};

}  // namespace raven::dataplane
