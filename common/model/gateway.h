// Gateway: the custom resource raven.openyurt.io Gateway, versions v1beta1 and v1alpha1, as one
// typed view.
// SPDX-License-Identifier: Apache-2.0
//
// Reading is tolerant of what we do not know and strict with what we use: an entry that cannot be
// used is left out and named in `problems`.  Writing goes by patches made of the JSON functions
// below, so that fields of newer versions survive.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "common/kube/json.h"

namespace raven::model {

// Something in an object that cannot be used: where, and why with what to do.
struct Problem {
  std::string where;  // "spec.endpoints[1].publicIP", "status.nodes[edge-1].subnets[0]"
  std::string reason;
  auto operator<=>(const Problem&) const = default;
};

enum class EndpointType : uint8_t { kTunnel, kProxy };

struct Endpoint {
  std::string node_name;
  EndpointType type = EndpointType::kTunnel;
  uint16_t port = 0;  // 4500 or 10262 when the object says 0
  bool under_nat = false;
  std::string nat_type;
  std::string public_ip;     // as written: may be empty; see public_address
  uint16_t public_port = 0;  // 0: not known
  std::map<std::string, std::string> config;

  // publicIP when it is an address that a peer can be reached at.
  std::optional<IpAddress> public_address;

  bool operator==(const Endpoint&) const = default;
};

struct GatewayNode {
  std::string node_name;
  std::string private_ip;            // as written
  std::vector<std::string> subnets;  // as written
  bool operator==(const GatewayNode&) const = default;
};

struct Gateway {
  std::string name;
  std::string uid;
  std::string resource_version;
  int64_t generation = 0;
  std::string creation_timestamp;  // RFC 3339 in UTC: orders as text
  bool deleting = false;
  std::map<std::string, std::string> annotations;

  std::string expose_type;                // "", PublicIP, LoadBalancer
  std::optional<int64_t> proxy_replicas;  // unset: no proxyConfig; Raven then starts none
  std::optional<int64_t> tunnel_replicas;
  std::vector<Endpoint> endpoints;  // order is preference

  std::vector<GatewayNode> nodes;  // status
  std::vector<Endpoint> active_endpoints;

  std::vector<Problem> problems;

  // The pool takes part in the encrypted network.
  bool tunnels_enabled() const { return tunnel_replicas.value_or(0) > 0; }
};

// kInvalid only when it is no Gateway at all (no name).
Result<Gateway> parse_gateway(const kube::Json& object);

// In the shape that Raven writes and its CRD accepts: members that are empty are left out.
kube::Json endpoint_json(const Endpoint& endpoint);
// {"nodes": [...], "activeEndpoints": [...]}, both sorted by node name.
kube::Json gateway_status_json(
    std::vector<GatewayNode> nodes, std::vector<Endpoint> active_endpoints
);

// The prefixes of an annotation value like "10.0.0.0/8, fd00::/64"; bad ones go to `problems`.
std::vector<IpPrefix> parse_prefix_list(
    std::string_view text, const std::string& where, std::vector<Problem>& problems
);

}  // namespace raven::model
