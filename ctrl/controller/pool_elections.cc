// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/pool_elections.h"

#include <algorithm>

namespace raven::controller {
namespace {

// A Gateway that is being deleted drains: it keeps no active endpoint.
std::size_t replicas_of(const model::Gateway& gateway, model::EndpointType type) {
  if (gateway.deleting) return 0;
  const auto& replicas =
      type == model::EndpointType::kTunnel ? gateway.tunnel_replicas : gateway.proxy_replicas;
  return static_cast<std::size_t>(std::max<int64_t>(replicas.value_or(0), 0));
}

bool switched_on(const World& world, const model::Gateway& gateway, model::EndpointType type) {
  const model::RavenConfig switches = world.switches.for_gateway(gateway);
  return type == model::EndpointType::kTunnel ? switches.tunnel : switches.proxy;
}

Candidate make_candidate(
    const World& world, const model::Gateway& gateway, const std::string& name,
    const Heartbeats& heartbeats, Instant now
) {
  Candidate candidate;
  candidate.node = name;
  if (const auto node = world.nodes.find(name); node != world.nodes.end()) {
    candidate.in_pool = node->second.pool() == gateway.name;
    candidate.ready = node->second.ready;
  }
  candidate.pulse = heartbeats.pulse(name, now);
  return candidate;
}

}  // namespace

Ballot make_ballot(
    const World& world, const model::Gateway& gateway, model::EndpointType type,
    const Heartbeats& heartbeats, Instant now
) {
  Ballot ballot;
  ballot.replicas = replicas_of(gateway, type);
  ballot.by_heartbeat = type == model::EndpointType::kTunnel;
  for (const model::Endpoint& endpoint : gateway.endpoints)
    if (endpoint.type == type)
      ballot.candidates.push_back(
          make_candidate(world, gateway, endpoint.node_name, heartbeats, now)
      );
  for (const model::Endpoint& endpoint : gateway.active_endpoints)
    if (endpoint.type == type) ballot.active.push_back(endpoint.node_name);
  return ballot;
}

std::optional<Outcome> PoolElections::run_one(
    const World& world, const model::Gateway& gateway, model::EndpointType type,
    const Heartbeats& heartbeats, Instant now
) {
  const Key key{gateway.name, type};
  if (!switched_on(world, gateway, type)) {
    elections_.erase(key);
    return std::nullopt;
  }
  Election& election = elections_.try_emplace(key, config_).first->second;
  return election.run(make_ballot(world, gateway, type, heartbeats, now), now);
}

ElectedByGateway PoolElections::run(const World& world, const Heartbeats& heartbeats, Instant now) {
  std::erase_if(elections_, [&](const auto& entry) {
    return !world.gateways.contains(entry.first.first);
  });
  ElectedByGateway result;
  for (const auto& [name, gateway] : world.gateways) {
    Elected& elected = result[name];
    using enum model::EndpointType;
    elected.tunnel = run_one(world, gateway, kTunnel, heartbeats, now);
    elected.proxy = run_one(world, gateway, kProxy, heartbeats, now);
  }
  return result;
}

}  // namespace raven::controller
