// What ravenctl shows of the cluster: Gateways with their boxes and heartbeats.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: objects in, text out.
#pragma once

#include <string>

#include "common/kube/object.h"

namespace raven::ctl {

struct ClusterObjects {
  kube::Objects gateways;
  kube::Objects heartbeats;  // Leases with the heartbeat label
  kube::Objects nodes;
};

// One row per endpoint: pool, node, type, active or standby, node readiness, who holds the
// heartbeat and when it was last renewed (the writer's clock).
std::string gateways_text(const ClusterObjects& objects);
std::string gateways_json(const ClusterObjects& objects);

// Problems of the whole network: overlaps, bad entries, pools without an active gateway.
std::string problems_text(const ClusterObjects& objects);

}  // namespace raven::ctl
