// BlockedPrefixes: addresses that must not leave in clear and are not routed, with holes: what of
// them must stay reachable, as if nothing around it were blocked.
// SPDX-License-Identifier: Apache-2.0
//
// Decided in common/model; the dataplane and the kernel's routes only enforce it.  Holes are kept
// as they are and not cut out: around 300 of them lie up to 19 000 prefixes.
#pragma once

#include <vector>

#include "common/base/ip.h"

namespace raven {

struct BlockedPrefixes {
  std::vector<IpPrefix> prefixes;  // sorted, none within another
  std::vector<IpPrefix> holes;     // sorted, none within another, each within one of `prefixes`
  bool operator==(const BlockedPrefixes&) const = default;
};

// What of `closed` is not within `open`, in the form above.  A prefix that is both is open.
BlockedPrefixes block(const std::vector<IpPrefix>& closed, const std::vector<IpPrefix>& open);

// The same as prefixes alone, sorted; there can be very many.
std::vector<IpPrefix> without_holes(const BlockedPrefixes& blocked);

}  // namespace raven
