// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/route_plan.h"

#include <set>

#include "common/site/site_routes.h"

namespace raven::gateway_agent {

netlink::Routing plan_routes(
    const model::Network& network, const model::RemotePrefixes& remote, const KernelFacts& facts,
    uint32_t mtu
) {
  // The blackholes come first: there is no moment without them.
  netlink::Routing routing = site::plan_blackholes(remote, network);
  const model::Member* self = network.own_member();
  if (facts.raven_link == 0) return routing;
  std::set<IpPrefix> prefixes;
  for (const auto& [name, pool] : remote)
    prefixes.insert(pool.prefixes.begin(), pool.prefixes.end());
  for (const IpPrefix& prefix : prefixes) {
    netlink::Route route = site::route_through(facts.raven_link, prefix, mtu);
    if (self != nullptr)
      route.preferred_source = site::preferred_source(*self, facts.addresses, prefix.family());
    routing.routes.push_back(std::move(route));
  }
  return routing;
}

}  // namespace raven::gateway_agent
