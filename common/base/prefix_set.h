// PrefixSet: prefixes of both families, asked which of them lie within or around another one.
// SPDX-License-Identifier: Apache-2.0
//
// Built once, then only read.  Both questions take O(log n).  Prefixes order by address, then
// length, so that those within a prefix stand in a row that begins where it would stand itself.
#pragma once

#include <algorithm>
#include <iterator>
#include <vector>

#include "common/base/ip.h"

namespace raven {

class PrefixSet {
 public:
  PrefixSet() = default;
  explicit PrefixSet(std::vector<IpPrefix> prefixes) : all_{std::move(prefixes)} {
    std::ranges::sort(all_);
    for (const IpPrefix& prefix : all_)
      if (outermost_.empty() || !outermost_.back().contains(prefix)) outermost_.push_back(prefix);
  }

  // The first one that is within `prefix`, or is equal; null: none.
  const IpPrefix* first_within(const IpPrefix& prefix) const {
    const auto found = std::ranges::lower_bound(all_, prefix);
    return found != all_.end() && prefix.contains(*found) ? &*found : nullptr;
  }
  // The outermost one that is around `prefix`, or is equal; null: none.
  const IpPrefix* outermost_around(const IpPrefix& prefix) const {
    const auto after = std::ranges::upper_bound(outermost_, prefix);
    if (after == outermost_.begin() || !std::prev(after)->contains(prefix)) return nullptr;
    return &*std::prev(after);
  }
  bool overlaps(const IpPrefix& prefix) const {
    return first_within(prefix) != nullptr || outermost_around(prefix) != nullptr;
  }
  bool contains(const IpAddress& address) const {
    return outermost_around(IpPrefix::host(address)) != nullptr;
  }

  const std::vector<IpPrefix>& all() const { return all_; }              // sorted
  const std::vector<IpPrefix>& outermost() const { return outermost_; }  // sorted

 private:
  std::vector<IpPrefix> all_;
  std::vector<IpPrefix> outermost_;
};

}  // namespace raven
