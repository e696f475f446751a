// SPDX-License-Identifier: Apache-2.0
#include "common/site/site_routes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/model/blocked.h"

namespace raven::site {
namespace {

// A route of our own that leads nowhere.
netlink::Route route_of(
    netlink::RouteType type, const IpPrefix& prefix, uint32_t table, uint32_t metric
) {
  netlink::Route route;
  route.destination = prefix;
  route.table = table;
  route.metric = metric;
  route.protocol = kTag.protocol;
  route.type = type;
  return route;
}

bool is_network_address(const IpAddress& address, const IpPrefix& prefix) {
  return address == prefix.address() && prefix.length() < address.bits();
}

netlink::Rule lookup_rule(IpFamily family) {
  return {
      .family = family,
      .priority = kTag.rule_priority,
      .table = kTag.table,
      .protocol = kTag.protocol,
  };
}

}  // namespace

netlink::Route blackhole(const IpPrefix& prefix, uint32_t table, uint32_t metric) {
  return route_of(netlink::RouteType::kBlackhole, prefix, table, metric);
}

netlink::Routing plan_blackholes(
    const model::RemotePrefixes& remote, const model::Network& network
) {
  const BlockedPrefixes blocked = model::blocked_prefixes(remote, network);
  std::vector<IpPrefix> closed = blocked.prefixes;
  for (const auto& [name, pool] : remote)
    closed.insert(closed.end(), pool.prefixes.begin(), pool.prefixes.end());
  std::ranges::sort(closed);
  const auto repeated = std::ranges::unique(closed);
  closed.erase(repeated.begin(), repeated.end());
  netlink::Routing routing;
  // Holes first: what is ours stays reachable while the rest is being closed.
  for (const IpPrefix& hole : blocked.holes)
    routing.routes.push_back(
        route_of(netlink::RouteType::kThrow, hole, kTag.table, kBlackholeMetric)
    );
  std::set<IpFamily> families;
  for (const IpPrefix& prefix : closed) {
    routing.routes.push_back(blackhole(prefix, kTag.table, kBlackholeMetric));
    families.insert(prefix.family());
  }
  for (const IpFamily family : families) routing.rules.push_back(lookup_rule(family));
  return routing;
}

netlink::Route route_through(uint32_t link, const IpPrefix& prefix, uint32_t mtu) {
  netlink::Route route;
  route.destination = prefix;
  route.table = kTag.table;
  route.metric = kRouteMetric;
  route.protocol = kTag.protocol;
  route.link = link;
  route.mtu = mtu;
  return route;
}

std::optional<IpAddress> preferred_source(
    const model::Member& self, const std::vector<IpAddress>& addresses, IpFamily family
) {
  std::optional<std::pair<bool, IpAddress>> best;
  for (const IpAddress& address : addresses)
    for (const IpPrefix& prefix : self.prefixes) {
      if (address.family() != family || !prefix.contains(address)) continue;
      const std::pair rank{is_network_address(address, prefix), address};
      if (!best || rank < *best) best = rank;
    }
  return best ? std::optional{best->second} : std::nullopt;
}

}  // namespace raven::site
