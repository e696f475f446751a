// Node: what the programs use of a Kubernetes Node.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "common/kube/json.h"
#include "common/model/gateway.h"

namespace raven::model {

struct Node {
  std::string name;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  bool deleting = false;
  bool ready = false;      // condition Ready is True
  std::string private_ip;  // the first InternalIP, as Raven takes it
  std::vector<IpAddress> internal_addresses;
  std::vector<std::string> pod_cidrs;  // podCIDRs, else [podCIDR]; without empty ones
  std::vector<Problem> problems;

  // Name of the Gateway whose pool it is in; empty: none.
  std::string pool() const;
  // Calico gives out its pod addresses: take BlockAffinities, not podCIDRs.
  bool uses_calico() const;
};

Result<Node> parse_node(const kube::Json& object);

}  // namespace raven::model
