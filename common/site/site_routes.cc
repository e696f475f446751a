// SPDX-License-Identifier: Apache-2.0
#include "common/site/site_routes.h"

#include <algorithm>
#include <set>
#include <utility>

namespace raven::site {
namespace {

std::set<IpPrefix> never_in_clear_text(
    const model::RemotePrefixes& remote, const model::Network& network
) {
  const std::vector<IpPrefix> dropped = model::dropped_prefixes(remote, network);
  std::set<IpPrefix> all{dropped.begin(), dropped.end()};
  for (const auto& [name, pool] : remote) all.insert(pool.prefixes.begin(), pool.prefixes.end());
  return all;
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
  netlink::Route route;
  route.destination = prefix;
  route.table = table;
  route.metric = metric;
  route.protocol = kTag.protocol;
  route.type = netlink::RouteType::kBlackhole;
  return route;
}

netlink::Routing plan_blackholes(
    const model::RemotePrefixes& remote, const model::Network& network
) {
  netlink::Routing routing;
  std::set<IpFamily> families;
  for (const IpPrefix& prefix : never_in_clear_text(remote, network)) {
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
