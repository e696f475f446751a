// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ravenctl/cluster_views.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/kube/json_value.h"
#include "common/kube/lease.h"
#include "common/model/gateway.h"
#include "common/model/names.h"
#include "common/model/network.h"
#include "common/model/node.h"
#include "ctrl/ravenctl/table.h"

namespace raven::ctl {
namespace {

// An endpoint of a Gateway with what else is known of its box.
struct EndpointRow {
  std::string pool, node, type, state, public_ip, heartbeat_at;
  bool node_ready = false;
};

bool is_active(const model::Gateway& gateway, const model::Endpoint& endpoint) {
  return std::any_of(
      gateway.active_endpoints.begin(), gateway.active_endpoints.end(),
      [&](const auto& active) {
        return active.node_name == endpoint.node_name && active.type == endpoint.type;
      }
  );
}

bool node_is_ready(const ClusterObjects& objects, const std::string& name) {
  const auto it = objects.nodes.find(name);
  if (it == objects.nodes.end()) return false;
  const auto node = model::parse_node(*it->second);
  return node.ok() && node->ready;
}

std::string heartbeat_time(const ClusterObjects& objects, const std::string& node) {
  const auto it = objects.heartbeats.find(model::heartbeat_name(node).key());
  if (it == objects.heartbeats.end()) return "none";
  return kube::LeaseRecord::from_json(*it->second).renew_time;
}

std::vector<EndpointRow> endpoint_rows(const ClusterObjects& objects) {
  std::vector<EndpointRow> rows;
  for (const auto& [name, object] : objects.gateways) {
    const auto gateway = model::parse_gateway(*object);
    if (!gateway.ok()) continue;  // listed by problems_text()
    for (const model::Endpoint& endpoint : gateway->endpoints) {
      EndpointRow row;
      row.pool = gateway->name;
      row.node = endpoint.node_name;
      row.type = endpoint.type == model::EndpointType::kTunnel ? "tunnel" : "proxy";
      row.state = is_active(*gateway, endpoint) ? "active" : "standby";
      row.public_ip = endpoint.public_ip;
      row.node_ready = node_is_ready(objects, endpoint.node_name);
      row.heartbeat_at = heartbeat_time(objects, endpoint.node_name);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace

std::string gateways_text(const ClusterObjects& objects) {
  Table table{{"POOL", "NODE", "TYPE", "STATE", "PUBLIC_IP", "NODE_READY", "HEARTBEAT"}};
  for (const EndpointRow& row : endpoint_rows(objects))
    table.add(
        {row.pool, row.node, row.type, row.state, row.public_ip, row.node_ready ? "yes" : "NO",
         row.heartbeat_at}
    );
  return table.text();
}

std::string gateways_json(const ClusterObjects& objects) {
  kube::Json endpoints = kube::Json::array();
  for (const EndpointRow& row : endpoint_rows(objects))
    endpoints.push_back(
        {{"pool", row.pool},
         {"node", row.node},
         {"type", row.type},
         {"state", row.state},
         {"public_ip", row.public_ip},
         {"node_ready", row.node_ready},
         {"heartbeat", row.heartbeat_at}}
    );
  kube::Json problems = kube::Json::array();
  for (const auto& [pool, problem] : model::project_network(objects.gateways, "").problems)
    problems.push_back({{"pool", pool}, {"where", problem.where}, {"reason", problem.reason}});
  return kube::dump_json_pretty({{"endpoints", endpoints}, {"problems", problems}});
}

std::string problems_text(const ClusterObjects& objects) {
  std::string out;
  for (const auto& [pool, problem] : model::project_network(objects.gateways, "").problems)
    out += fmt::format("{}: {}: {}\n", pool, problem.where, problem.reason);
  for (const auto& [name, object] : objects.gateways) {
    const auto gateway = model::parse_gateway(*object);
    if (gateway.ok() && gateway->tunnels_enabled() && gateway->active_endpoints.empty())
      out += fmt::format("{}: no active gateway\n", name);
  }
  return out;
}

}  // namespace raven::ctl
