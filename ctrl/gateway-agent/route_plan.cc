// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/route_plan.h"

#include <algorithm>
#include <optional>
#include <set>

#include "common/wire/raven.h"

namespace raven::gateway_agent {
namespace {

using netlink::Route;
using netlink::RouteType;

// Other sites accept packets from our prefixes only: without this the kernel would choose an
// address of the LAN.
std::optional<IpAddress> source_address(
    const model::Network& network, const KernelFacts& facts, IpFamily family
) {
  const model::Pool* own = network.own_pool();
  const model::Member* self = own == nullptr ? nullptr : own->member(network.self);
  if (self == nullptr) return std::nullopt;
  std::optional<IpAddress> lowest;
  for (const IpAddress& address : facts.addresses) {
    const bool ours =
        address.family() == family &&
        std::any_of(self->prefixes.begin(), self->prefixes.end(), [&](const IpPrefix& prefix) {
          return prefix.contains(address);
        });
    if (ours && (!lowest || address < *lowest)) lowest = address;
  }
  return lowest;
}

Route tunnel_route(const IpPrefix& prefix, uint32_t link, uint32_t mtu) {
  Route route;
  route.destination = prefix;
  route.table = kRavenTable;
  route.metric = kRouteMetric;
  route.protocol = kRavenProtocol;
  route.link = link;
  route.mtu = mtu;
  return route;
}

Route blackhole(const IpPrefix& prefix) {
  Route route;
  route.destination = prefix;
  route.table = kRavenTable;
  route.metric = kBlackholeMetric;
  route.protocol = kRavenProtocol;
  route.type = RouteType::kBlackhole;
  return route;
}

netlink::Rule lookup_rule(IpFamily family) {
  netlink::Rule rule;
  rule.family = family;
  rule.priority = kRavenRulePriority;
  rule.table = kRavenTable;
  rule.protocol = kRavenProtocol;
  return rule;
}

}  // namespace

netlink::Routing plan_routes(
    const model::Network& network, const model::RemotePrefixes& remote, const KernelFacts& facts,
    uint32_t mtu
) {
  netlink::Routing routing;
  const std::vector<IpPrefix> dropped = model::dropped_prefixes(remote, network);
  std::set<IpPrefix> prefixes;
  for (const auto& [name, pool] : remote)
    prefixes.insert(pool.prefixes.begin(), pool.prefixes.end());
  std::set<IpPrefix> closed = prefixes;
  closed.merge(std::set<IpPrefix>(dropped.begin(), dropped.end()));
  std::set<IpFamily> families;
  // The blackholes come first: there is no moment without them.
  for (const IpPrefix& prefix : closed) {
    routing.routes.push_back(blackhole(prefix));
    families.insert(prefix.family());
  }
  for (const IpPrefix& prefix : prefixes) {
    if (facts.raven_link == 0) break;
    Route route = tunnel_route(prefix, facts.raven_link, mtu);
    route.preferred_source = source_address(network, facts, prefix.family());
    routing.routes.push_back(route);
  }
  for (const IpFamily family : families) routing.rules.push_back(lookup_rule(family));
  return routing;
}

}  // namespace raven::gateway_agent
