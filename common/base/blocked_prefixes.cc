// SPDX-License-Identifier: Apache-2.0
#include "common/base/blocked_prefixes.h"

#include <algorithm>
#include <iterator>

#include "common/base/prefix_set.h"
#include "common/base/subtract.h"

namespace raven {

BlockedPrefixes block(const std::vector<IpPrefix>& closed, const std::vector<IpPrefix>& open) {
  BlockedPrefixes blocked;
  const PrefixSet closings{closed}, openings{open};
  for (const IpPrefix& prefix : closings.outermost())
    if (openings.outermost_around(prefix) == nullptr) blocked.prefixes.push_back(prefix);
  const PrefixSet walls{blocked.prefixes};
  for (const IpPrefix& hole : openings.outermost())
    if (walls.outermost_around(hole) != nullptr) blocked.holes.push_back(hole);
  return blocked;
}

std::vector<IpPrefix> without_holes(const BlockedPrefixes& blocked) {
  std::vector<IpPrefix> rest;
  for (const IpPrefix& prefix : blocked.prefixes)
    std::ranges::copy(subtract(prefix, blocked.holes), std::back_inserter(rest));
  return rest;
}

}  // namespace raven
