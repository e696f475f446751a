// RemotePrefixes: what must never leave this site in clear text, by pool.
// SPDX-License-Identifier: Apache-2.0
//
// A pool that has no gateway, or whose status is empty for a while, keeps the prefixes that it had
// until its Gateway goes, so that they stay blackholed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/model/network.h"

namespace raven::model {

struct RemotePool {
  std::vector<IpPrefix> prefixes;
  std::vector<IpPrefix> refused;  // claimed, but another pool has them
  bool operator==(const RemotePool&) const = default;
};
using RemotePrefixes = std::map<std::string, RemotePool>;

// None without an own pool, or when its tunnels are switched off.  Pure.
RemotePrefixes remember_prefixes(const RemotePrefixes& before, const Network& network);

// What no pool may have, because several claim it, and what must not leave in clear text either:
// the refused prefixes without what our own pool uses of them.  Where a pool has a prefix inside of
// one of these, the longer one counts.  Sorted.
std::vector<IpPrefix> dropped_prefixes(const RemotePrefixes& remote, const Network& network);

// The same for who knows the prefixes of the own pool and lets those that are longer count: they
// are not cut out, as around many of them there are very many more.
std::vector<IpPrefix> dropped_around_own_pool(const RemotePrefixes& remote, const Network& network);

// `networks` (the cluster's pod networks) without what our own pool uses of them: what must not
// leave by the default route, known to be remote or not.
std::vector<IpPrefix> outside_own_pool(
    const std::vector<IpPrefix>& networks, const Network& network
);

// The Gateway in which this node was is there but lists no nodes at all, as after it was re-created
// and before the controller fills it.  That says nothing about this node.
bool own_status_was_emptied(const Network& before, const Network& now);

}  // namespace raven::model
