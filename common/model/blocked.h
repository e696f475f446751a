// What is blocked at this node: decided here for both agents, the kernel's routes and the
// dataplane. SPDX-License-Identifier: Apache-2.0
//
// A prefix that several pools claim goes to the oldest (network.h).  Where that gives it to nobody,
// because the winner's claim is gone or does not cover it, it is blocked: it belongs to some site,
// so it must not leave in clear, and nobody knows to which.
#pragma once

#include <vector>

#include "common/base/blocked_prefixes.h"
#include "common/model/network.h"
#include "common/model/remote_prefixes.h"

namespace raven::model {

// What remote pools claim and no pool has.  Holes: what our own pool uses of it (a claim of ours
// that another pool got, too), and the addresses of its nodes.  Where a remote pool has a prefix
// inside of it, the longer one counts.
BlockedPrefixes blocked_prefixes(const RemotePrefixes& remote, const Network& network);

// `networks` (the cluster's pod networks) without what our own pool uses of them, sorted: what must
// not leave by the default route, known to be remote or not.  For the main table, where a hole
// cannot be left to the next one.
std::vector<IpPrefix> blocked_networks(
    const std::vector<IpPrefix>& networks, const Network& network
);

}  // namespace raven::model
