// WorldBuilder: small worlds for tests, made of model values.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "common/model/names.h"
#include "common/wire/raven.h"
#include "ctrl/controller/plan.h"

namespace raven::controller {

class WorldBuilder {
 public:
  WorldBuilder() { switches_.tunnel = true; }

  model::Gateway& gateway(const std::string& name) {
    const auto [entry, added] = gateways_.try_emplace(name);
    if (added) {
      entry->second.name = name;
      entry->second.resource_version = "1";
      entry->second.tunnel_replicas = 1;
      // Each one is older than those that are added after it.
      entry->second.creation_timestamp =
          "2026-01-01T00:00:" + std::to_string(10 + gateways_.size()) + "Z";
    }
    return entry->second;
  }

  model::Endpoint& endpoint(
      const std::string& pool, const std::string& node,
      model::EndpointType type = model::EndpointType::kTunnel
  ) {
    model::Endpoint endpoint;
    endpoint.node_name = node;
    endpoint.type = type;
    endpoint.port = type == model::EndpointType::kTunnel ? kTunnelPort : kProxyPort;
    return gateway(pool).endpoints.emplace_back(endpoint);
  }

  model::Node& node(
      const std::string& pool, const std::string& name, const std::string& address,
      std::vector<std::string> pod_cidrs
  ) {
    model::Node& node = nodes_[name];
    node.name = name;
    node.labels[std::string{model::kGatewayLabel}] = pool;
    node.ready = true;
    node.private_ip = address;
    node.pod_cidrs = std::move(pod_cidrs);
    return node;
  }

  void block(const std::string& node, const std::string& cidr, bool confirmed = true) {
    blocks_[node + "-" + cidr] = {node, cidr, confirmed};
  }

  model::RavenConfig& switches() { return switches_; }
  World world() const { return {gateways_, nodes_, blocks_, switches_}; }

  // A round of elections (nobody has a heartbeat) and the plan for it.
  DesiredByGateway plan_now() {
    const Instant now{std::chrono::seconds{1000}};
    return plan(world(), PoolElections{ElectionConfig{}}.run(world(), Heartbeats{}, now));
  }

 private:
  std::map<std::string, model::Gateway> gateways_;
  std::map<std::string, model::Node> nodes_;
  std::map<std::string, model::BlockAffinity> blocks_;
  model::RavenConfig switches_;
};

}  // namespace raven::controller
