// diff(): which operations lead from what the kernel holds to what plan() wants.  Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "agent-lite/plan.h"
#include "common/netlink/kernel.h"
#include "common/netlink/reconcile.h"

namespace raven::agent_lite {

enum class LinkChange : uint8_t {
  kNone,
  kCreate,
  kChange,   // in place: MTU, MAC, up
  kReplace,  // what VXLAN cannot change, or the name: remove and create
  kRemove,
  kForeign,  // something that is not ours has the name
};

LinkChange diff_link(
    const std::optional<netlink::Link>& desired, const std::optional<netlink::Link>& actual
);

// What the kernel holds of ours, raven0 itself excepted.
struct Actual {
  std::vector<netlink::Address> addresses;
  std::vector<netlink::Neighbour> neighbours;  // static ones
  std::vector<netlink::FdbEntry> forwarding;
  netlink::Routing routing;
};

struct Changes {
  netlink::Operations<netlink::Address> addresses;
  netlink::Operations<netlink::Neighbour> neighbours;
  netlink::Operations<netlink::FdbEntry> forwarding;
  netlink::RoutingOperations routing;
  bool empty() const { return size() == 0; }
  std::size_t size() const {
    return addresses.size() + neighbours.size() + forwarding.size() + routing.size();
  }
};

// REQUIRES: `desired` is resolved.
Changes diff(const Desired& desired, const Actual& actual);

}  // namespace raven::agent_lite
