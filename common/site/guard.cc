// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/guard.h"

#include "common/netlink/reconcile.h"
#include "common/wire/raven.h"

namespace raven::netlink {
namespace {

Route blackhole(const IpPrefix& network) {
  Route route;
  route.destination = network;
  route.table = kMainTable;
  route.metric = kGuardMetric;
  route.protocol = kRavenProtocol;
  route.type = RouteType::kBlackhole;
  return route;
}

}  // namespace

Result<std::size_t> guard(Kernel& kernel, const std::vector<IpPrefix>& networks) {
  std::vector<Route> desired, actual;
  for (const IpPrefix& network : networks) desired.push_back(blackhole(network));
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    RAVEN_ASSIGN(const std::vector<Route> routes, kernel.routes(family, kMainTable));
    for (const Route& route : routes)
      if (route.protocol == kRavenProtocol && route.simple) actual.push_back(route);
  }
  const Operations<Route> operations = diff(desired, actual);
  const std::vector<Error> errors = apply(kernel, operations);
  if (!errors.empty()) return errors.front();
  return operations.size();
}

}  // namespace raven::netlink
