// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/routes_applier.h"

#include <fmt/format.h>

#include "common/site/guard.h"
#include "common/site/site_routes.h"

namespace raven::gateway_agent {

Result<KernelFacts> RoutesApplier::facts() {
  KernelFacts facts;
  RAVEN_ASSIGN(const auto link, kernel_.link(interface_));
  // A route through a link that is down is refused.
  if (link && link->up) facts.raven_link = link->index;
  RAVEN_ASSIGN(const auto addresses, kernel_.addresses());
  for (const netlink::Address& address : addresses) facts.addresses.push_back(address.address);
  return facts;
}

Status RoutesApplier::apply(const std::optional<netlink::Routing>& desired) {
  if (!desired) return {};
  RAVEN_ASSIGN(const netlink::Routing actual, netlink::read_routing(kernel_, site::kTag));
  const netlink::RoutingOperations operations = netlink::diff(*desired, actual);
  const std::vector<Error> errors = netlink::apply(kernel_, operations);
  metrics_.add(Metric::kRouteChanges, {}, static_cast<double>(operations.size()));
  if (errors.empty()) return {};
  Error first = errors.front();
  if (errors.size() > 1) first.message += fmt::format(" (and {} more)", errors.size() - 1);
  return first;
}

Status RoutesApplier::guard(const std::optional<std::vector<IpPrefix>>& networks) {
  if (!networks) return {};
  RAVEN_ASSIGN(const std::size_t changes, site::guard(kernel_, *networks));
  metrics_.add(Metric::kRouteChanges, {}, static_cast<double>(changes));
  return {};
}

Result<std::optional<IpAddress>> RoutesApplier::public_address(const PublicIpSource& source) {
  if (source.address || source.is_none()) return source.address;
  RAVEN_ASSIGN(const auto link, kernel_.link(source.interface));
  if (!link)
    return Error{ErrorCode::kNotFound, "public_ip: there is no interface " + source.interface};
  RAVEN_ASSIGN(const auto addresses, kernel_.addresses());
  return global_address(addresses, link->index);
}

}  // namespace raven::gateway_agent
