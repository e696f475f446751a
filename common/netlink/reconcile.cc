// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/reconcile.h"

#include <algorithm>
#include <iterator>

namespace raven::netlink {
namespace {

bool owns(const Tag& tag, const Route& route) {
  return route.table == tag.table && route.protocol == tag.protocol && route.simple;
}

// A rule that selects by more than a mark cannot be named exactly when it is removed.
bool owns(const Tag& tag, const Rule& rule) {
  return rule.priority == tag.rule_priority && rule.table == tag.table && !rule.other_selectors;
}

template <class T>
void take_owned(const Tag& tag, const std::vector<T>& from, std::vector<T>& to) {
  std::ranges::copy_if(from, std::back_inserter(to), [&](const T& entry) {
    return owns(tag, entry);
  });
}

void append(std::vector<Error>& to, std::vector<Error> from) {
  std::ranges::move(from, std::back_inserter(to));
}

}  // namespace

Result<Routing> read_routing(Kernel& kernel, const Tag& tag) {
  Routing routing;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    RAVEN_ASSIGN(const std::vector<Route> routes, kernel.routes(family, tag.table));
    RAVEN_ASSIGN(const std::vector<Rule> rules, kernel.rules(family));
    take_owned(tag, routes, routing.routes);
    take_owned(tag, rules, routing.rules);
  }
  return routing;
}

RoutingOperations diff(const Routing& desired, const Routing& actual) {
  return {diff(desired.routes, actual.routes), diff(desired.rules, actual.rules)};
}

std::vector<Error> apply(Kernel& kernel, const RoutingOperations& operations) {
  std::vector<Error> errors = apply(kernel, Operations<Route>{operations.routes.put, {}});
  append(errors, apply(kernel, operations.rules));
  Operations<Route> old{{}, operations.routes.remove};
  std::stable_partition(old.remove.begin(), old.remove.end(), [](const Route& route) {
    return route.type != RouteType::kThrow;
  });
  append(errors, apply(kernel, old));
  return errors;
}

}  // namespace raven::netlink
