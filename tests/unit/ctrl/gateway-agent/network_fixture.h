// Networks for tests: sites with gateway boxes and plain nodes, as the controller publishes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/model/gateway.h"
#include "common/model/network.h"

namespace raven::gateway_agent {

// A site whose boxes are all candidates, none active.
struct Site {
  explicit Site(const std::string& name);
  Site& box(const std::string& node, const std::string& public_ip, bool under_nat = false);
  Site& active(const std::string& node);
  Site& node(
      const std::string& name, const std::string& private_ip, std::vector<std::string> subnets
  );
  model::Gateway gateway;
};

model::Network network_of(const std::vector<Site>& sites, const std::string& self);

// cloud: boxes c1 (active), c2 and the plain node c3.  edge: box e1.  factory: box f1 behind NAT.
std::vector<Site> three_sites();

}  // namespace raven::gateway_agent
