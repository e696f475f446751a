// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ctrl/gateway-agent/network_fixture.h"

namespace raven::gateway_agent {

Site::Site(const std::string& name) {
  gateway.name = name;
  gateway.tunnel_replicas = 1;
  gateway.creation_timestamp = "2026-01-01T00:00:00Z";
}

Site& Site::box(const std::string& node, const std::string& public_ip, bool under_nat) {
  model::Endpoint endpoint;
  endpoint.node_name = node;
  endpoint.port = 4500;
  endpoint.under_nat = under_nat;
  endpoint.public_ip = public_ip;
  if (auto address = IpAddress::parse(public_ip); address.ok()) endpoint.public_address = *address;
  gateway.endpoints.push_back(endpoint);
  return *this;
}

Site& Site::active(const std::string& node) {
  for (const model::Endpoint& endpoint : gateway.endpoints)
    if (endpoint.node_name == node) gateway.active_endpoints.push_back(endpoint);
  return *this;
}

Site& Site::node(
    const std::string& name, const std::string& private_ip, std::vector<std::string> subnets
) {
  gateway.nodes.push_back({name, private_ip, std::move(subnets)});
  return *this;
}

model::Network network_of(const std::vector<Site>& sites, const std::string& self) {
  std::vector<model::Gateway> gateways;
  for (const Site& site : sites) gateways.push_back(site.gateway);
  return model::project_network(gateways, self);
}

std::vector<Site> three_sites() {
  Site cloud{"cloud"}, edge{"edge"}, factory{"factory"};
  cloud.box("c2", "198.51.100.2").box("c1", "198.51.100.1").active("c1");
  cloud.node("c1", "10.0.0.1", {"10.244.1.0/24", "fd00:1::/64"});
  cloud.node("c2", "10.0.0.2", {"10.244.2.0/24"}).node("c3", "10.0.0.3", {"10.244.3.0/24"});
  edge.box("e1", "198.51.100.11").active("e1").node("e1", "10.1.0.1", {"10.245.1.0/24"});
  factory.box("f1", "198.51.100.21", true).active("f1");
  factory.node("f1", "10.2.0.1", {"10.246.1.0/24", "fd00:3::/64"});
  return {cloud, edge, factory};
}

}  // namespace raven::gateway_agent
