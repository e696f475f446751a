// Subnets: which networks of a pool may be routed to it.
// SPDX-License-Identifier: Apache-2.0
//
// A node brings its podCIDRs (both families) or, where Calico hands out addresses, its confirmed
// blocks.  The pool's extra networks come from an annotation.  What cannot be routed is left out
// and reported: bad text, default routes, loopback, multicast, link-local, and networks that hold
// the public address of a gateway box (its own tunnel packets would be pulled into a tunnel).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ctrl/controller/world.h"

namespace raven::controller {

class Subnets {
 public:
  explicit Subnets(const World& world);

  // Both append to `problems` what they leave out.
  std::vector<IpPrefix> of_node(
      const model::Gateway& gateway, const model::Node& node, std::vector<model::Problem>& problems
  ) const;
  std::vector<IpPrefix> extra_of(
      const model::Gateway& gateway, std::vector<model::Problem>& problems
  ) const;

 private:
  std::vector<std::string> texts_of(
      const model::Gateway& gateway, const model::Node& node, std::vector<model::Problem>& problems
  ) const;
  std::string why_not(const IpPrefix& prefix) const;

  std::multimap<std::string, std::string> blocks_;     // node name -> CIDR, confirmed ones
  std::map<IpAddress, std::string> public_addresses_;  // -> node name
};

}  // namespace raven::controller
