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

// None without a local pool, or when its tunnels are switched off.  Pure.
RemotePrefixes remember_prefixes(const RemotePrefixes& before, const Network& network);

// The Gateway in which this node was is there but lists no nodes at all, as after it was re-created
// and before the controller fills it.  That says nothing about this node.
bool own_status_was_emptied(const Network& before, const Network& now);

}  // namespace raven::model
