// SPDX-License-Identifier: Apache-2.0
#include "common/model/prefix_claims.h"

#include <iterator>

namespace raven::model {

std::optional<PrefixClaims::Claim> PrefixClaims::claim(
    const IpPrefix& prefix, const std::string& owner
) {
  // Prefixes order by address, then length: what contains this one, or equals it, lies before.
  const auto after = outermost_.upper_bound(prefix);
  if (after != outermost_.begin()) {
    const auto& [outer, other] = *std::prev(after);
    if (outer.contains(prefix)) {
      if (other != owner) return Claim{outer, other};
      return std::nullopt;
    }
  }
  // What it contains follows in a row.
  auto end = after;
  for (; end != outermost_.end() && prefix.contains(end->first); ++end)
    if (end->second != owner) return Claim{end->first, end->second};
  outermost_.erase(after, end);
  outermost_.emplace(prefix, owner);
  return std::nullopt;
}

}  // namespace raven::model
