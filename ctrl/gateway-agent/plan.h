// plan(): from the pools as seen by this box to everything that this box is to have.  Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "common/dpapi/dataplane.pb.h"
#include "common/model/network.h"
#include "common/model/remote_prefixes.h"
#include "common/netlink/reconcile.h"
#include "ctrl/gateway-agent/ike_plan.h"
#include "ctrl/gateway-agent/peers.h"
#include "ctrl/gateway-agent/route_plan.h"
#include "ctrl/gateway-agent/settings.h"

namespace raven::gateway_agent {

// What is known of this box besides the Gateways.
struct Facts {
  unsigned workers = 1;  // of the dataplane: as many children for each peer
  KernelFacts kernel = {};
  model::RemotePrefixes remote = {};
  bool operator==(const Facts&) const = default;
};

struct Desired {
  dpapi::v1::DesiredState dataplane;
  std::vector<IkeConnection> ike;
  // Nothing while this box is no gateway: then raven-agent-lite owns the routes.
  std::optional<netlink::Routing> routes;
  // What the kernel must not send by its default route; nothing as above.
  std::optional<std::vector<IpPrefix>> guarded;
  std::vector<PlanProblem> problems;  // of the Gateways too; sorted
};

Desired plan(const model::Network& network, const Facts& facts, const Settings& settings);

}  // namespace raven::gateway_agent
