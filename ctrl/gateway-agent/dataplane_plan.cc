// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/dataplane_plan.h"

#include <algorithm>

#include "common/model/blocked.h"
#include "common/wire/overlay.h"

namespace raven::gateway_agent {
namespace {

using dpapi::v1::DesiredState;

// Another gateway box always gets VXLAN: what comes out of a tunnel here for its pods has a source
// of another site, which it takes from VXLAN only.
dpapi::v1::LocalNode::Encapsulation encapsulation_of(
    const model::Pool& own, const model::Member& member, site::Encapsulation encapsulation
) {
  const bool vxlan =
      encapsulation == site::Encapsulation::kVxlan || own.gateway(member.name) != nullptr;
  return vxlan ? dpapi::v1::LocalNode::VXLAN : dpapi::v1::LocalNode::DIRECT;
}

void add_own_pool(
    const model::Network& network, const model::Pool& own, site::Encapsulation encapsulation,
    DesiredState& state
) {
  state.set_pool(own.name);
  for (const model::Member& member : own.members) {
    if (member.name == network.self) {
      for (const IpPrefix& prefix : member.prefixes) state.add_own_prefixes(prefix.text());
      if (member.private_address && member.private_address->is_v4())
        state.set_overlay_address(overlay_address(*member.private_address).text());
      continue;
    }
    if (!member.private_address) continue;  // the model has reported it
    auto* node = state.add_local_nodes();
    node->set_name(member.name);
    node->set_address(member.private_address->text());
    node->set_encapsulation(encapsulation_of(own, member, encapsulation));
    node->set_gateway(own.gateway(member.name) != nullptr);
    for (const IpPrefix& prefix : member.prefixes) node->add_prefixes(prefix.text());
  }
}

// Without a usable gateway the dataplane still has the prefixes, and drops what is for them.
void add_remote_pool(
    const model::Pool& pool, const std::vector<IpPrefix>& prefixes, const std::vector<Peer>& peers,
    DesiredState& state
) {
  auto* remote = state.add_remote_pools();
  remote->set_name(pool.name);
  for (const IpPrefix& prefix : prefixes) remote->add_prefixes(prefix.text());
  for (const model::PoolGateway& gateway : pool.gateways) {
    if (std::ranges::binary_search(peers, gateway.name, {}, &Peer::name))
      remote->add_gateways(gateway.name);
  }
}

}  // namespace

DesiredState plan_dataplane(
    const model::Network& network, const model::RemotePrefixes& remote,
    const std::vector<Peer>& peers, site::Encapsulation encapsulation
) {
  DesiredState state;
  state.set_node_name(network.self);
  if (const model::Pool* own = network.own_pool(); own != nullptr)
    add_own_pool(network, *own, encapsulation, state);
  for (const Peer& peer : peers) {
    auto* entry = state.add_peers();
    entry->set_name(peer.name);
    entry->set_tunnel_id(peer.tunnel_id);
    entry->set_pool(peer.pool);
  }
  if (network.role != model::Role::kGateway) return state;
  for (const auto& [name, known] : remote)
    if (const model::Pool* pool = network.pool(name); pool != nullptr)
      add_remote_pool(*pool, known.prefixes, peers, state);
  const BlockedPrefixes blocked = model::blocked_prefixes(remote, network);
  for (const IpPrefix& prefix : blocked.prefixes)
    state.mutable_blocked()->add_prefixes(prefix.text());
  for (const IpPrefix& hole : blocked.holes) state.mutable_blocked()->add_holes(hole.text());
  return state;
}

}  // namespace raven::gateway_agent
