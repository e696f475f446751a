// The kernel routes of a gateway box itself: its pods and the kubelet reach other sites through
// the dataplane's interface.
// SPDX-License-Identifier: Apache-2.0
//
// They are those of common/site/site_routes.h: when the interface goes with its dataplane, packets
// for other sites end in the blackholes below.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/ip.h"
#include "common/model/network.h"
#include "common/model/remote_prefixes.h"
#include "common/netlink/reconcile.h"

namespace raven::gateway_agent {

struct KernelFacts {
  uint32_t raven_link = 0;                // index of the dataplane's interface, 0: not there
  std::vector<IpAddress> addresses = {};  // of all interfaces
  bool operator==(const KernelFacts&) const = default;
};

// For each prefix of `remote`, with or without a gateway there; refused ones are blackholes only.
netlink::Routing plan_routes(
    const model::Network& network, const model::RemotePrefixes& remote, const KernelFacts& facts,
    uint32_t mtu
);

}  // namespace raven::gateway_agent
