// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/topology.h"

#include <algorithm>

#include "common/wire/overlay.h"

namespace raven::dataplane {
namespace {

NodeSpec make_node(const LocalNode& node, const NodeHop& hop, const Desired& state) {
  NodeSpec spec;
  spec.address = node.address;
  spec.local_address = hop.source.value_or(IpAddress{});
  spec.encapsulation =
      node.vxlan && node.address.is_v4() ? Encapsulation::kVxlan : Encapsulation::kDirect;
  spec.gateway = node.gateway;
  spec.adjacency = hop.adjacency;
  spec.mtu = hop.mtu;
  if (node.address.is_v4()) spec.overlay_mac = overlay_mac(node.address);
  if (state.overlay) spec.local_overlay_mac = overlay_mac(*state.overlay);
  return spec;
}

bool in_any(const std::vector<IpPrefix>& prefixes, const IpAddress& address) {
  return std::ranges::any_of(prefixes, [&address](const IpPrefix& prefix) {
    return prefix.contains(address);
  });
}

}  // namespace

std::unique_ptr<const Topology> build_topology(
    const Desired& state, const std::map<std::string, PoolIndex>& pools,
    const std::vector<NodeHop>& hops
) {
  auto topology = std::make_unique<Topology>();
  std::vector<FibRow> rows;
  for (const IpPrefix& prefix : state.blocked.prefixes) rows.push_back({prefix, Target::drop()});
  for (const IpPrefix& prefix : state.blocked.holes) rows.push_back({prefix, Target{}});
  for (const RemotePool& pool : state.pools) {
    const auto slot = pools.find(pool.name);
    const Target target = slot == pools.end() ? Target::drop() : Target::remote(slot->second);
    for (const IpPrefix& prefix : pool.prefixes) rows.push_back({prefix, target});
  }
  for (std::size_t i = 0; i < state.nodes.size(); ++i) {
    const NodeIndex node = topology->nodes.add(make_node(state.nodes[i], hops[i], state));
    for (const IpPrefix& prefix : state.nodes[i].prefixes)
      rows.push_back({prefix, Target::node(node)});
  }
  for (const IpPrefix& prefix : state.own_prefixes) rows.push_back({prefix, Target::kernel()});
  topology->fib = Fib{std::move(rows)};
  return topology;
}

std::unique_ptr<const LocalBox> build_box(
    const Desired& state, const std::vector<IpAddress>& addresses
) {
  auto box = std::make_unique<LocalBox>();
  for (const IpAddress& address : addresses) {
    box->add_address(address);
    if (in_any(state.own_prefixes, address)) box->set_icmp_source(address);
  }
  if (state.overlay && state.overlay->is_v4()) box->set_overlay_mac(overlay_mac(*state.overlay));
  return box;
}

}  // namespace raven::dataplane
