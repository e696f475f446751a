// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/kernel_view.h"

#include "common/base/log.h"

namespace raven::dataplane {

void KernelView::publish(const Desired& state, const std::map<std::string, PoolIndex>& pools) {
  own_addresses_ = next_hops_.own_addresses();
  path_.writer().publish_box(build_box(state, own_addresses_));
  std::vector<NodeHop> hops = look_up_nodes(state);
  if (!routes_stale_ && hops == node_hops_) return;
  path_.writer().publish_topology(build_topology(state, pools, hops));
  node_hops_ = std::move(hops);
  routes_stale_ = false;
}

std::vector<NodeHop> KernelView::look_up_nodes(const Desired& state) {
  std::vector<NodeHop> hops;
  for (const LocalNode& node : state.nodes) {
    NodeHop hop;
    if (const Result<AdjacencyIndex> slot = next_hops_.want(node.address); slot.ok()) {
      hop.adjacency = *slot;
    } else {
      log::error("control", "node {}: {}", node.name, slot.error().message);
    }
    if (const NextHop* next = next_hops_.next_hop(node.address); next != nullptr && next->port) {
      hop.source = next->source;
      hop.mtu = path_.port_mtu(*next->port);
    }
    hops.push_back(hop);
  }
  return hops;
}

void KernelView::update_filter(const Desired* state) {
  const Status updated =
      state == nullptr
          ? filter_.update(own_addresses_)
          : filter_.update(own_addresses_, state->remote_prefixes(), state->blocked.holes);
  filter_problem_ = updated.ok() ? "" : updated.error().message;
  if (!updated.ok()) log::error("filter", "{}", filter_problem_);
}

}  // namespace raven::dataplane
