// Peers: the gateway boxes of other sites that this box keeps tunnels with, and who begins.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/model/network.h"

namespace raven::gateway_agent {

// Something that cannot be done as the Gateways say: what, and why with what to do.
struct PlanProblem {
  std::string item;
  std::string reason;
  bool operator==(const PlanProblem&) const = default;
};

struct Peer {
  std::string name;  // of the node: also its IKE identity
  std::string pool;
  uint32_t tunnel_id = 0;
  bool initiator = false;            // we begin
  std::optional<IpAddress> address;  // where it can be reached, if anywhere
  uint16_t port = 0;
  bool operator==(const Peer&) const = default;
};

// All gateway boxes, active or not, of all pools that we exchange traffic with; sorted by name.
// None unless this box is a gateway itself.
//
// Who begins: the side behind NAT, as the other one cannot reach it; else the name that sorts
// first.  Both behind NAT: no tunnel, a problem.
std::vector<Peer> find_peers(const model::Network& network, std::vector<PlanProblem>& problems);

}  // namespace raven::gateway_agent
