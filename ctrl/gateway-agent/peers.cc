// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/peers.h"

#include <algorithm>

namespace raven::gateway_agent {
namespace {

bool we_begin(const std::string& self, bool self_under_nat, const model::PoolGateway& peer) {
  if (self_under_nat != peer.under_nat) return self_under_nat;
  return self < peer.name;
}

Peer peer_of(
    const model::PoolGateway& self, const model::Pool& pool, const model::PoolGateway& gateway
) {
  Peer peer;
  peer.name = gateway.name;
  peer.pool = pool.name;
  peer.tunnel_id = gateway.tunnel_id;
  peer.initiator = we_begin(self.name, self.under_nat, gateway);
  if (!gateway.under_nat) peer.address = gateway.public_address;
  peer.port = gateway.public_port;
  return peer;
}

}  // namespace

std::vector<Peer> find_peers(const model::Network& network, std::vector<PlanProblem>& problems) {
  std::vector<Peer> peers;
  const model::Pool* own = network.own_pool();
  const model::PoolGateway* self = own == nullptr ? nullptr : own->gateway(network.self);
  if (network.role != model::Role::kGateway || self == nullptr) return peers;
  for (const model::Pool* pool : network.remote_pools()) {
    for (const model::PoolGateway& gateway : pool->gateways) {
      Peer peer = peer_of(*self, *pool, gateway);
      if (self->under_nat && gateway.under_nat) {
        problems.push_back(
            {"peer " + peer.name,
             "both sides are behind NAT: give one of them a public address (underNAT: false)"}
        );
        continue;
      }
      if (peer.initiator && !peer.address)
        problems.push_back(
            {"peer " + peer.name, "has no publicIP, and it is for us to begin: set its publicIP"}
        );
      peers.push_back(std::move(peer));
    }
  }
  std::sort(peers.begin(), peers.end(), [](const Peer& a, const Peer& b) {
    return a.name < b.name;
  });
  return peers;
}

}  // namespace raven::gateway_agent
