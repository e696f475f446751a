// SPDX-License-Identifier: Apache-2.0
#include "common/site/guard.h"

#include "common/model/blocked.h"
#include "common/netlink/reconcile.h"
#include "common/site/site_routes.h"
#include "common/wire/raven.h"

namespace raven::site {

using netlink::Route;

std::optional<std::vector<IpPrefix>> guarded_before_first_read(
    const std::vector<IpPrefix>& cluster_cidrs, const model::Network& former
) {
  if (cluster_cidrs.empty()) return std::nullopt;
  return model::blocked_networks(cluster_cidrs, former);
}

Result<std::size_t> guard(netlink::Kernel& kernel, const std::vector<IpPrefix>& networks) {
  std::vector<Route> desired, actual;
  for (const IpPrefix& network : networks)
    desired.push_back(blackhole(network, kMainTable, kGuardMetric));
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    RAVEN_ASSIGN(const std::vector<Route> routes, kernel.routes(family, kMainTable));
    for (const Route& route : routes)
      if (route.protocol == kRavenProtocol && route.simple) actual.push_back(route);
  }
  const netlink::Operations<Route> operations = netlink::diff(desired, actual);
  const std::vector<Error> errors = netlink::apply(kernel, operations);
  if (!errors.empty()) return errors.front();
  return operations.size();
}

}  // namespace raven::site
