// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/host.h"

#include <algorithm>
#include <iterator>

#include "common/site/guard.h"
#include "common/site/site_routes.h"
#include "common/wire/raven.h"

namespace raven::agent_lite {
namespace {

template <class T>
Result<std::vector<T>> of_link(Result<std::vector<T>> all, uint32_t link) {
  if (all.ok()) std::erase_if(*all, [&](const T& entry) { return entry.link != link; });
  return all;
}

void add(Report& report, std::size_t changes, std::vector<Error> errors) {
  report.changes += changes;
  std::ranges::move(errors, std::back_inserter(report.errors));
}

void add(Report& report, Status status) {
  ++report.changes;
  if (!status.ok()) report.errors.push_back(std::move(status).error());
}

template <class T>
void put(netlink::Kernel& kernel, const netlink::Operations<T>& operations, Report& report) {
  add(report, operations.put.size(),
      netlink::apply(kernel, netlink::Operations<T>{operations.put, {}}));
}

template <class T>
void remove(netlink::Kernel& kernel, const netlink::Operations<T>& operations, Report& report) {
  add(report, operations.remove.size(),
      netlink::apply(kernel, netlink::Operations<T>{{}, operations.remove}));
}

}  // namespace

Result<NodeFacts> Host::facts(const IpAddress& node) {
  RAVEN_ASSIGN(const std::vector<netlink::Link> links, kernel_.links());
  RAVEN_ASSIGN(const std::vector<netlink::Address> addresses, kernel_.addresses());
  const auto overlay = std::ranges::find(links, kOverlayName, &netlink::Link::name);
  const uint32_t overlay_index = overlay == links.end() ? 0 : overlay->index;
  NodeFacts facts;
  for (const netlink::Address& address : addresses) {
    if (address.link == overlay_index) continue;
    facts.addresses.push_back(address.address);
    if (address.address == node) facts.lan_link = address.link;
  }
  const auto lan = std::ranges::find(links, facts.lan_link, &netlink::Link::index);
  if (lan == links.end()) return facts;
  facts.lan_mtu = lan->mtu;
  RAVEN_ASSIGN(facts.neighbours, kernel_.neighbours(facts.lan_link));
  return facts;
}

Report Host::converge(const Desired& desired) {
  Report report;
  const auto overlay = ensure_overlay(desired.overlay, report);
  // Without raven0 its own entries cannot be made, but the blackholes must be.
  if (!overlay.ok()) report.errors.push_back(overlay.error());
  const uint32_t index = overlay_index_ = overlay.ok() ? *overlay : 0;
  Desired resolved = resolve(desired, index);
  if (desired.overlay && index == 0)
    std::erase_if(resolved.routing.routes, [](const netlink::Route& route) {
      return route.link == 0 && route.type == netlink::RouteType::kUnicast;
    });
  const Result<Actual> actual = read_actual(index);
  if (!actual.ok()) {
    report.errors.push_back(actual.error());
    return report;
  }
  apply(diff(resolved, *actual), index, report);
  if (!desired.overlay) remove_overlay(report);
  return report;
}

Report Host::guard(const std::vector<IpPrefix>& networks) {
  const Result<std::size_t> changes = site::guard(kernel_, networks);
  if (!changes.ok()) return {.errors = {changes.error()}};
  return {.changes = *changes, .errors = {}};
}

Report Host::release_overlay() {
  Report report;
  remove_overlay(report);
  const auto neighbours = own_neighbours(0);
  if (!neighbours.ok())
    report.errors.push_back(neighbours.error());
  else
    remove(kernel_, netlink::Operations<netlink::Neighbour>{{}, *neighbours}, report);
  return report;
}

// By name; or under another one, when somebody renamed the device that we made.
Result<std::optional<netlink::Link>> Host::find_overlay(const std::optional<netlink::Link>& desired
) {
  RAVEN_ASSIGN(std::vector<netlink::Link> links, kernel_.links());
  auto found = std::ranges::find(links, kOverlayName, &netlink::Link::name);
  if (found == links.end() && desired)
    found = std::ranges::find_if(links, [&](const netlink::Link& link) {
      return link.vxlan == desired->vxlan && link.mac == desired->mac;
    });
  return found == links.end() ? std::nullopt : std::optional{std::move(*found)};
}

// The index of raven0 once it is as desired; 0 when none is desired or there.
Result<uint32_t> Host::ensure_overlay(const std::optional<netlink::Link>& desired, Report& report) {
  RAVEN_ASSIGN(const std::optional<netlink::Link> actual, find_overlay(desired));
  const LinkChange change = diff_link(desired, actual);
  if (change == LinkChange::kForeign)
    return Error{
        ErrorCode::kConflict, std::string{kOverlayName} + ": is a " + actual->kind +
                                  " device, not our VXLAN; is a dataplane still running here?"};
  if (change == LinkChange::kNone || change == LinkChange::kRemove)
    return actual ? actual->index : 0;
  if (change == LinkChange::kReplace) add(report, kernel_.remove(*actual));
  netlink::Link link = *desired;
  if (change == LinkChange::kChange) link.index = actual->index;
  ++report.changes;
  RAVEN_TRY(kernel_.put(link));
  RAVEN_ASSIGN(const std::optional<netlink::Link> made, kernel_.link(kOverlayName));
  if (!made) return Error{ErrorCode::kConflict, "raven0: another program removed it immediately"};
  return made->index;
}

// All static ones of raven0, and on other links those with our tag.  What the kernel learns by
// itself (multicast, probes) comes and goes.
Result<std::vector<netlink::Neighbour>> Host::own_neighbours(uint32_t overlay) {
  RAVEN_ASSIGN(std::vector<netlink::Neighbour> neighbours, kernel_.neighbours(0));
  std::erase_if(neighbours, [overlay](const netlink::Neighbour& neighbour) {
    return neighbour.state != netlink::kNeighbourPermanent ||
           (neighbour.link != overlay && neighbour.protocol != kRavenProtocol);
  });
  return neighbours;
}

Result<Actual> Host::read_actual(uint32_t overlay) {
  Actual actual;
  RAVEN_ASSIGN(actual.routing, netlink::read_routing(kernel_, site::kTag));
  RAVEN_ASSIGN(actual.neighbours, own_neighbours(overlay));
  if (overlay == 0) return actual;
  RAVEN_ASSIGN(actual.addresses, of_link(kernel_.addresses(), overlay));
  RAVEN_ASSIGN(actual.forwarding, kernel_.fdb(overlay));
  return actual;
}

// What routes need comes before them, what they needed goes after them.
void Host::apply(const Changes& changes, uint32_t overlay, Report& report) {
  put(kernel_, changes.addresses, report);
  put(kernel_, changes.neighbours, report);
  put(kernel_, changes.forwarding, report);
  put(kernel_, changes.routing.routes, report);
  if (overlay != 0) remove_foreign_routes(overlay, report);
  put(kernel_, changes.routing.rules, report);
  remove(kernel_, changes.routing.rules, report);
  remove(kernel_, changes.routing.routes, report);
  remove(kernel_, changes.neighbours, report);
  remove(kernel_, changes.forwarding, report);
  remove(kernel_, changes.addresses, report);
}

// Raven has a default route through raven0 in this table and leads only marked packets there.  Our
// rule leads all packets there: the default route must be gone before.
void Host::remove_foreign_routes(uint32_t overlay, Report& report) {
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    const auto routes = kernel_.routes(family, kRavenTable);
    if (!routes.ok()) {
      report.errors.push_back(routes.error());
      continue;
    }
    for (const netlink::Route& route : *routes)
      if (route.link == overlay && route.protocol != kRavenProtocol)
        add(report, kernel_.remove(route));
  }
}

void Host::remove_overlay(Report& report) {
  const auto actual = kernel_.link(kOverlayName);
  if (!actual.ok()) return report.errors.push_back(actual.error());
  if (diff_link(std::nullopt, *actual) == LinkChange::kRemove)
    add(report, kernel_.remove(**actual));
}

}  // namespace raven::agent_lite
