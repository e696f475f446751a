// guard(): blackholes below all other routes of the main table.
// SPDX-License-Identifier: Apache-2.0
//
// What any other route of this table but the default route knows goes its way; the rest of these
// networks ends here instead of leaving by the default route in clear text.
#pragma once

#include <cstddef>
#include <vector>

#include "common/base/result.h"
#include "common/netlink/kernel.h"

namespace raven::netlink {

inline constexpr uint32_t kMainTable = 254;
inline constexpr uint32_t kGuardMetric = 4'000'000'000;  // a route to the same prefix wins

// Leaves exactly these under our protocol in the main table.  Returns how many it changed.
Result<std::size_t> guard(Kernel& kernel, const std::vector<IpPrefix>& networks);

}  // namespace raven::netlink
