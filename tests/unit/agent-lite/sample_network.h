// Two sites as the tests of agent-lite see them: "edge" with two gateway boxes and our plain node,
// "cloud" on the other side.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "agent-lite/plan.h"
#include "common/model/network.h"

namespace raven::agent_lite {

inline IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}
inline IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

inline model::Pool edge_pool() {
  model::Pool pool;
  pool.name = "edge";
  pool.tunnels_enabled = true;
  pool.members = {
      {"edge-gw1", ip("192.168.7.1"), {prefix("10.1.1.0/24")}},
      {"edge-gw2", ip("192.168.7.2"), {prefix("10.1.2.0/24")}},
      {"edge-node", ip("192.168.7.5"), {prefix("10.1.5.0/24"), prefix("fd01:5::/64")}},
  };
  model::PoolGateway first, second;
  first.name = "edge-gw1";
  first.active = true;
  first.private_address = ip("192.168.7.1");
  second.name = "edge-gw2";
  second.private_address = ip("192.168.7.2");
  pool.gateways = {first, second};
  for (const model::Member& member : pool.members)
    pool.prefixes.insert(pool.prefixes.end(), member.prefixes.begin(), member.prefixes.end());
  return pool;
}

inline model::Pool cloud_pool() {
  model::Pool pool;
  pool.name = "cloud";
  pool.tunnels_enabled = true;
  pool.members = {{"cloud-gw1", ip("172.16.0.1"), {prefix("10.2.0.0/16"), prefix("fd02::/48")}}};
  model::PoolGateway gateway;
  gateway.name = "cloud-gw1";
  gateway.active = true;
  gateway.public_address = ip("198.51.100.1");
  gateway.private_address = ip("172.16.0.1");
  pool.gateways = {gateway};
  pool.prefixes = {prefix("10.2.0.0/16"), prefix("fd02::/48")};
  return pool;
}

inline model::Network sample_network() {
  model::Network network;
  network.self = "edge-node";
  network.role = model::Role::kPlain;
  network.pools = {cloud_pool(), edge_pool()};
  network.own = 1;
  return network;
}

inline NodeFacts sample_facts() {
  NodeFacts facts;
  facts.lan_link = 3;
  facts.lan_mtu = 1500;
  facts.addresses = {ip("127.0.0.1"), ip("192.168.7.5")};
  return facts;
}

}  // namespace raven::agent_lite
