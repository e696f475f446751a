// SPDX-License-Identifier: Apache-2.0
#include "common/model/gateway.h"

#include <algorithm>

#include "common/kube/json_value.h"
#include "common/kube/object.h"
#include "common/model/names.h"
#include "common/wire/raven.h"

namespace raven::model {
namespace {

using kube::elements;
using kube::find;
using kube::find_integer;
using kube::Json;
using kube::text_or;

class Reader {
 public:
  explicit Reader(Gateway& gateway) : gateway_{gateway} {}

  void read(const Json& object) {
    read_metadata(object);
    // Of an older version?  It has no types, no replicas, and one active endpoint.
    is_alpha_ = text_or(object, {"apiVersion"}).ends_with("/v1alpha1");
    gateway_.expose_type = text_or(object, {"spec", "exposeType"});
    gateway_.proxy_replicas = read_replicas(object, "proxyConfig");
    gateway_.tunnel_replicas = read_replicas(object, "tunnelConfig");
    gateway_.endpoints = read_endpoints(object, {"spec", "endpoints"}, "spec.endpoints");
    read_nodes(object);
    gateway_.active_endpoints =
        read_endpoints(object, {"status", "activeEndpoints"}, "status.activeEndpoints");
    if (const Json* active = is_alpha_ ? find(object, {"status", "activeEndpoint"}) : nullptr)
      if (auto endpoint = read_endpoint(*active, "status.activeEndpoint"))
        gateway_.active_endpoints.push_back(std::move(*endpoint));
  }

 private:
  void problem(std::string where, std::string reason) {
    gateway_.problems.push_back({std::move(where), std::move(reason)});
  }

  void read_metadata(const Json& object) {
    gateway_.name = text_or(object, {"metadata", "name"});
    gateway_.uid = text_or(object, {"metadata", "uid"});
    gateway_.resource_version = text_or(object, {"metadata", "resourceVersion"});
    gateway_.generation = find_integer(object, {"metadata", "generation"}).value_or(0);
    gateway_.creation_timestamp = text_or(object, {"metadata", "creationTimestamp"});
    gateway_.deleting = find(object, {"metadata", "deletionTimestamp"}) != nullptr;
    gateway_.annotations = kube::string_map(object, {"metadata", "annotations"});
  }

  std::optional<int64_t> read_replicas(const Json& object, std::string_view config) {
    if (is_alpha_) return 1;
    const Json* value = find(object, {"spec", config});
    if (value == nullptr) return std::nullopt;
    const auto replicas = find_integer(*value, {"Replicas"});  // with a capital R
    if (replicas && *replicas >= 0) return replicas;
    problem(
        "spec." + std::string{config} + ".Replicas", "must be a number of at least 0; 0 is used"
    );
    return 0;
  }

  std::vector<Endpoint> read_endpoints(
      const Json& object, kube::JsonPath path, const std::string& where
  ) {
    std::vector<Endpoint> endpoints;
    const Json* list = find(object, path);
    if (list != nullptr && !list->is_array()) problem(where, "must be a list");
    std::size_t index = 0;
    for (const Json* element : elements(object, path)) {
      const std::string place = where + "[" + std::to_string(index++) + "]";
      auto endpoint = read_endpoint(*element, place);
      if (!endpoint) continue;
      const bool is_known =
          std::any_of(endpoints.begin(), endpoints.end(), [&](const Endpoint& other) {
            return other.node_name == endpoint->node_name && other.type == endpoint->type;
          });
      if (is_known) {
        problem(place, "node " + endpoint->node_name + " is listed twice; the first entry is used");
      } else {
        endpoints.push_back(std::move(*endpoint));
      }
    }
    return endpoints;
  }

  std::optional<Endpoint> read_endpoint(const Json& json, const std::string& where) {
    Endpoint endpoint;
    endpoint.node_name = text_or(json, {"nodeName"});
    if (!kube::is_valid_object_name(endpoint.node_name)) {
      problem(where + ".nodeName", "is missing or no valid node name; the endpoint is left out");
      return std::nullopt;
    }
    const std::string type = text_or(json, {"type"}, is_alpha_ ? "tunnel" : "");
    if (type != "tunnel" && type != "proxy") {
      problem(
          where + ".type", "must be tunnel or proxy, not \"" + type + "\"; the endpoint is left out"
      );
      return std::nullopt;
    }
    endpoint.type = type == "proxy" ? EndpointType::kProxy : EndpointType::kTunnel;
    endpoint.port = read_port(json, "port", where);
    if (endpoint.port == 0)
      endpoint.port = endpoint.type == EndpointType::kProxy ? kProxyPort : kTunnelPort;
    endpoint.public_port = read_port(json, "publicPort", where);
    endpoint.under_nat = kube::find_bool(json, {"underNAT"}).value_or(false);
    endpoint.nat_type = text_or(json, {"natType"});
    endpoint.config = kube::string_map(json, {"config"});
    read_public_ip(json, where, endpoint);
    return endpoint;
  }

  uint16_t read_port(const Json& json, std::string_view member, const std::string& where) {
    const Json* value = find(json, {member});
    if (value == nullptr) return 0;
    const auto port = find_integer(json, {member});
    if (port && *port >= 0 && *port <= 65535) return static_cast<uint16_t>(*port);
    problem(where + "." + std::string{member}, "must be a port number; it is taken as not given");
    return 0;
  }

  void read_public_ip(const Json& json, const std::string& where, Endpoint& endpoint) {
    endpoint.public_ip = text_or(json, {"publicIP"});
    if (endpoint.public_ip.empty()) return;
    const auto address = IpAddress::parse(endpoint.public_ip);
    if (!address) {
      problem(where + ".publicIP", address.error().message);
    } else if (address->is_unspecified() || address->is_loopback() || address->is_multicast() ||
               address->is_link_local()) {
      problem(where + ".publicIP", endpoint.public_ip + " is no address that a peer can reach");
    } else {
      endpoint.public_address = *address;
    }
  }

  void read_nodes(const Json& object) {
    for (const Json* element : elements(object, {"status", "nodes"})) {
      GatewayNode node;
      node.node_name = text_or(*element, {"nodeName"});
      if (!kube::is_valid_object_name(node.node_name)) {
        problem("status.nodes", "an entry without a valid nodeName is left out");
        continue;
      }
      node.private_ip = text_or(*element, {"privateIP"});
      for (const Json* subnet : elements(*element, {"subnets"})) {
        if (subnet->is_string())
          node.subnets.push_back(subnet->get<std::string>());
        else
          problem("status.nodes[" + node.node_name + "].subnets", "an entry is no text");
      }
      gateway_.nodes.push_back(std::move(node));
    }
  }

  Gateway& gateway_;
  bool is_alpha_ = false;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

}  // namespace

Result<Gateway> parse_gateway(const Json& object) {
  Gateway gateway;
  Reader{gateway}.read(object);
  if (gateway.name.empty()) return Error{ErrorCode::kInvalid, "Gateway: metadata.name is missing"};
  return gateway;
}

Json endpoint_json(const Endpoint& endpoint) {
  Json json{
      {"nodeName", endpoint.node_name},
      {"type", endpoint.type == EndpointType::kProxy ? "proxy" : "tunnel"}};
  if (endpoint.port != 0) json["port"] = endpoint.port;
  if (endpoint.under_nat) json["underNAT"] = true;
  if (!endpoint.nat_type.empty()) json["natType"] = endpoint.nat_type;
  if (!endpoint.public_ip.empty()) json["publicIP"] = endpoint.public_ip;
  if (endpoint.public_port != 0) json["publicPort"] = endpoint.public_port;
  if (!endpoint.config.empty()) json["config"] = endpoint.config;
  return json;
}

Json gateway_status_json(std::vector<GatewayNode> nodes, std::vector<Endpoint> active_endpoints) {
  std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) {
    return a.node_name < b.node_name;
  });
  std::stable_sort(
      active_endpoints.begin(), active_endpoints.end(),
      [](const auto& a, const auto& b) { return a.node_name < b.node_name; }
  );
  Json node_list = Json::array(), active_list = Json::array();
  for (const GatewayNode& node : nodes)
    node_list.push_back(
        {{"nodeName", node.node_name}, {"privateIP", node.private_ip}, {"subnets", node.subnets}}
    );
  for (const Endpoint& endpoint : active_endpoints) active_list.push_back(endpoint_json(endpoint));
  return {{"nodes", std::move(node_list)}, {"activeEndpoints", std::move(active_list)}};
}

std::vector<IpPrefix> parse_prefix_list(
    std::string_view text, const std::string& where, std::vector<Problem>& problems
) {
  std::vector<IpPrefix> prefixes;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = trimmed(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (item.empty()) continue;
    if (auto prefix = IpPrefix::parse(item))
      prefixes.push_back(*prefix);
    else
      problems.push_back({where, prefix.error().message});
  }
  return prefixes;
}

}  // namespace raven::model
