// Topology and box, built from the desired state and what the kernel says.
// SPDX-License-Identifier: Apache-2.0
//
// Pure.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "dataplane/decide/desired.h"
#include "dataplane/table/tables.h"

namespace raven::dataplane {

// What the route to a node is at the moment.
struct NodeHop {
  AdjacencyIndex adjacency = kNoAdjacency;
  std::optional<IpAddress> source;  // of ours towards the node
  uint16_t mtu = 1500;
  bool operator==(const NodeHop&) const = default;
};

// `pools` gives the slot of each pool of `state`, `hops` the hop of each node (same order as
// state.nodes).
std::unique_ptr<const Topology> build_topology(
    const Desired& state, const std::map<std::string, PoolIndex>& pools,
    const std::vector<NodeHop>& hops
);

// `addresses`: all of the box itself.
std::unique_ptr<const LocalBox> build_box(
    const Desired& state, const std::vector<IpAddress>& addresses
);

}  // namespace raven::dataplane
