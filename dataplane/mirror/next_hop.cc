// SPDX-License-Identifier: Apache-2.0
#include "dataplane/mirror/next_hop.h"

#include <fmt/format.h>

#include <algorithm>

namespace raven::dataplane {
namespace {

// States in which the kernel itself would send to the address that it has (NUD_CONNECTED and
// those that it is just confirming).
constexpr uint16_t kDelay = 0x08, kProbe = 0x10;
constexpr uint16_t kUsable = netlink::kNeighbourReachable | netlink::kNeighbourStale | kDelay |
                             kProbe | netlink::kNeighbourNoarp | netlink::kNeighbourPermanent;
// States that need nothing from us: confirmed, fixed, or being confirmed.
constexpr uint16_t kSettled = kUsable & ~netlink::kNeighbourStale;

}  // namespace

NextHop decide_next_hop(
    const IpAddress& destination, const Result<netlink::Route>& route,
    const std::vector<KernelPort>& ports, const std::vector<netlink::Neighbour>& neighbours
) {
  NextHop hop;
  hop.address = destination;
  if (!route.ok()) {
    hop.problem = "no route: " + route.error().message;
    return hop;
  }
  if (route->type != netlink::RouteType::kUnicast) {
    hop.problem = "the route does not lead to another box";
    return hop;
  }
  hop.link = route->link;
  hop.source = route->preferred_source;
  hop.address = route->gateway.value_or(destination);
  const auto port = std::ranges::find(ports, route->link, &KernelPort::link);
  if (port == ports.end()) {
    hop.problem = fmt::format("the route leaves by interface {}, which is no port", route->link);
    return hop;
  }
  hop.port = port->port;
  const auto neighbour = std::ranges::find_if(neighbours, [&hop](const netlink::Neighbour& n) {
    return n.link == hop.link && n.address == hop.address;
  });
  const uint16_t state = neighbour == neighbours.end() ? uint16_t{0} : neighbour->state;
  hop.needs_probe = (state & kSettled) == 0;
  if ((state & kUsable) != 0 && !neighbour->mac.is_zero()) {
    hop.mac = neighbour->mac;
  } else {
    hop.problem = fmt::format("{} does not answer on {}", hop.address.text(), port->interface);
  }
  return hop;
}

}  // namespace raven::dataplane
