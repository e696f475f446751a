// plan(): from the world and the elections to what every Gateway's status should be.
// SPDX-License-Identifier: Apache-2.0
//
// Pure.  The same input gives the same output, in any order of its maps.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ctrl/controller/condition.h"
#include "ctrl/controller/pool_elections.h"
#include "ctrl/controller/world.h"

namespace raven::controller {

struct Desired {                          // of one Gateway
  std::vector<model::GatewayNode> nodes;  // sorted by node name
  std::vector<model::Endpoint> active;    // sorted by node name
  Conditions conditions;
  std::vector<IpPrefix> refused;  // subnets left out because an older pool owns them
  std::size_t bad_subnets = 0;    // subnets left out because they cannot be routed
};

using DesiredByGateway = std::map<std::string, Desired>;

DesiredByGateway plan(const World& world, const ElectedByGateway& elected);

}  // namespace raven::controller
