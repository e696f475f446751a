// The guard: blackholes below all other routes of the main table, for the cluster's pod networks.
// SPDX-License-Identifier: Apache-2.0
//
// A packet that another route of this table covers takes that route, unless it is the default
// route; the rest of these networks is dropped here instead of leaving in clear text.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "common/model/network.h"
#include "common/netlink/kernel.h"

namespace raven::site {

inline constexpr uint32_t kMainTable = 254;
inline constexpr uint32_t kGuardMetric = 4'000'000'000;  // a route to the same prefix wins

// What to guard before the Gateways have been read: nobody knows yet what is remote, but `former`,
// the network as a previous run knew it, says what our own pool uses.  Unset: leave the guard as it
// is, as nothing is to be guarded.
std::optional<std::vector<IpPrefix>> guarded_before_first_read(
    const std::vector<IpPrefix>& cluster_cidrs, const model::Network& former
);

// Leaves exactly these under our protocol in the main table.  Returns how many it changed.
Result<std::size_t> guard(netlink::Kernel& kernel, const std::vector<IpPrefix>& networks);

}  // namespace raven::site
