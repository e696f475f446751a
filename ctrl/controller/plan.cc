// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "common/model/names.h"
#include "common/model/prefix_claims.h"
#include "ctrl/controller/subnets.h"

namespace raven::controller {
namespace {

using NodesByPool = std::map<std::string, std::vector<const model::Node*>>;

NodesByPool nodes_by_pool(const World& world) {
  NodesByPool pools;
  for (const auto& [name, node] : world.nodes)
    if (const std::string pool = node.pool(); !pool.empty()) pools[pool].push_back(&node);
  for (auto& [pool, nodes] : pools) std::ranges::sort(nodes, {}, &model::Node::name);
  return pools;
}

// The older Gateway wins what two claim; the name decides between twins.
std::vector<const model::Gateway*> oldest_first(const World& world) {
  std::vector<const model::Gateway*> gateways;
  for (const auto& [name, gateway] : world.gateways) gateways.push_back(&gateway);
  std::ranges::sort(gateways, {}, [](const model::Gateway* gateway) {
    return std::tie(gateway->creation_timestamp, gateway->name);
  });
  return gateways;
}

// Copies of the entries in spec, with Raven's flag that the type is switched on.
void append_active(
    const model::Gateway& gateway, model::EndpointType type, const std::optional<Outcome>& outcome,
    std::vector<model::Endpoint>& active
) {
  if (!outcome) return;
  const bool tunnel = type == model::EndpointType::kTunnel;
  for (const std::string& node : outcome->active) {
    const auto entry = std::ranges::find_if(gateway.endpoints, [&](const model::Endpoint& other) {
      return other.type == type && other.node_name == node;
    });
    if (entry == gateway.endpoints.end()) continue;
    model::Endpoint& copy = active.emplace_back(*entry);
    copy.config[std::string{tunnel ? model::kEnableTunnelConfig : model::kEnableProxyConfig}] =
        "true";
  }
}

// Subnets of one pool, claimed among those of all.
class PoolPlanner {
 public:
  PoolPlanner(const model::Gateway& gateway, const Subnets& subnets, model::PrefixClaims& claims)
      : gateway_{gateway}, subnets_{subnets}, claims_{claims} {}

  model::GatewayNode plan_node(const model::Node& node, bool takes_extra) {
    if (node.private_ip.empty())
      problems_.push_back({"node " + node.name, "has no InternalIP: peers cannot use it"});
    std::vector<IpPrefix> prefixes = subnets_.of_node(gateway_, node, problems_);
    if (takes_extra)
      for (const IpPrefix& extra : subnets_.extra_of(gateway_, problems_))
        if (!std::ranges::count(prefixes, extra)) prefixes.push_back(extra);
    model::GatewayNode result{node.name, node.private_ip, {}};
    for (const IpPrefix& prefix : prefixes)
      if (claim(node.name, prefix)) result.subnets.push_back(prefix.text());
    return result;
  }

  Condition condition() const {
    if (overlaps_.empty() && problems_.empty())
      return {"SubnetsRouted", true, "AllRouted", "all subnets of the pool are routed"};
    std::vector<std::string> parts = overlaps_;
    for (const auto& [where, reason] : problems_) parts.push_back(where + ": " + reason);
    const char* reason = overlaps_.empty() ? "SubnetInvalid" : "SubnetOverlap";
    return {"SubnetsRouted", false, reason, join_bounded(parts)};
  }
  const std::vector<IpPrefix>& refused() const { return refused_; }
  std::size_t bad_subnets() const { return problems_.size(); }

 private:
  bool claim(const std::string& node, const IpPrefix& prefix) {
    const auto taken = claims_.claim(prefix, gateway_.name);
    if (!taken) return true;
    refused_.push_back(prefix);
    overlaps_.push_back(fmt::format(
        "{} of node {} overlaps {} of the older Gateway {} and is not routed: change one of them",
        prefix.text(), node, taken->prefix.text(), taken->owner
    ));
    return false;
  }

  const model::Gateway& gateway_;
  const Subnets& subnets_;
  model::PrefixClaims& claims_;
  std::vector<model::Problem> problems_;
  std::vector<std::string> overlaps_;
  std::vector<IpPrefix> refused_;
};

const char* election_reason(const Outcome& outcome) {
  if (outcome.cut_off && !outcome.active.empty()) return "CutOff";
  if (!outcome.active.empty()) return "Elected";
  return outcome.standing.empty() ? "NoEndpoints" : "NoEligibleEndpoint";
}

// A heartbeat that is late for a moment is nobody's business: it would make the text flicker.
const char* steady_text(Standing standing, bool anybody_active) {
  if (standing == Standing::kUnheard && anybody_active) standing = Standing::kStandby;
  return standing_text(standing);
}

Condition election_condition(const char* type, const Outcome& outcome) {
  std::vector<std::string> parts;
  if (outcome.cut_off && !outcome.active.empty())
    parts.push_back("no box of the pool is heard, the last active set is kept");
  for (const auto& [node, standing] : outcome.standing)
    parts.push_back(node + ": " + steady_text(standing, !outcome.active.empty()));
  if (outcome.standing.empty()) parts.push_back("spec.endpoints has no entry of this type");
  const bool ok = !outcome.active.empty() && !outcome.cut_off;
  return {type, ok, election_reason(outcome), join_bounded(parts)};
}

Condition spec_condition(const model::Gateway& gateway) {
  std::vector<std::string> parts;
  for (const auto& [where, reason] : gateway.problems)
    if (!where.starts_with("status")) parts.push_back(where + ": " + reason);
  if (parts.empty()) return {"SpecValid", true, "Valid", "all entries of spec can be used"};
  return {"SpecValid", false, "EntryIgnored", join_bounded(parts)};
}

// One without a single endpoint and replica of the type does not want it: nothing to explain.
bool wants(const model::Gateway& gateway, const std::optional<int64_t>& replicas) {
  return replicas.value_or(0) > 0 && !gateway.deleting;
}

void describe_elections(const model::Gateway& gateway, const Elected& elected, Desired& desired) {
  const auto describe = [&](const char* type, const auto& replicas, const auto& outcome) {
    if (!wants(gateway, replicas)) return;
    desired.conditions.push_back(
        outcome ? election_condition(type, *outcome)
                : Condition{type, false, "SwitchedOff", "switched off in raven-cfg"}
    );
  };
  describe("TunnelElected", gateway.tunnel_replicas, elected.tunnel);
  describe("ProxyElected", gateway.proxy_replicas, elected.proxy);
}

}  // namespace

DesiredByGateway plan(const World& world, const ElectedByGateway& elected) {
  const NodesByPool pools = nodes_by_pool(world);
  const Subnets subnets{world};
  model::PrefixClaims claims;
  DesiredByGateway result;
  for (const model::Gateway* gateway : oldest_first(world)) {
    Desired& desired = result[gateway->name];
    const Elected& chosen = elected.at(gateway->name);
    append_active(*gateway, model::EndpointType::kProxy, chosen.proxy, desired.active);
    append_active(*gateway, model::EndpointType::kTunnel, chosen.tunnel, desired.active);
    std::ranges::stable_sort(desired.active, {}, &model::Endpoint::node_name);

    PoolPlanner pool{*gateway, subnets, claims};
    const std::string extra_node =
        chosen.tunnel && !chosen.tunnel->active.empty() ? chosen.tunnel->active.front() : "";
    if (const auto nodes = pools.find(gateway->name); nodes != pools.end())
      for (const model::Node* node : nodes->second)
        desired.nodes.push_back(pool.plan_node(*node, node->name == extra_node));

    describe_elections(*gateway, chosen, desired);
    desired.conditions.push_back(pool.condition());
    desired.conditions.push_back(spec_condition(*gateway));
    desired.refused = pool.refused();
    desired.bad_subnets = pool.bad_subnets();
  }
  return result;
}

}  // namespace raven::controller
