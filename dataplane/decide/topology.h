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

// The MAC address of a raven0 interface: aa:0f, then its address inside 240.0.0.0/8.
MacAddress overlay_mac(const IpAddress& overlay);
// The overlay address of a node: 240, then the last three bytes of its node IP.
IpAddress overlay_address(const IpAddress& node);

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
