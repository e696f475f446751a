// Network: all pools as one consistent picture, seen from one node.  What the agents plan from.
// SPDX-License-Identifier: Apache-2.0
//
// project() is pure.  What cannot be used is left out and listed in `problems` with its reason;
// nothing else is lost.  When two pools claim the same thing (a prefix, a node), the older Gateway
// keeps it (creationTimestamp, then name), so that all boxes decide alike.  Own addresses never go
// into a tunnel: another pool's prefix that overlaps what our pool uses is refused here.
//
// Prefixes come from Gateway.status.nodes[].subnets.  Never routed: default routes, loopback,
// multicast and link-local prefixes, and prefixes that hold a protected address or the public
// address of any gateway (the encrypted packets themselves would be pulled into a tunnel).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/base/prefix_set.h"
#include "common/kube/object.h"
#include "common/model/gateway.h"

namespace raven::model {

// A node of a pool.
struct Member {
  std::string name;
  std::optional<IpAddress> private_address;
  std::vector<IpPrefix> prefixes;  // sorted, no duplicates
  bool operator==(const Member&) const = default;
};

// A gateway box of a pool: a node with an endpoint of type tunnel.
struct PoolGateway {
  std::string name;  // of the node
  uint32_t tunnel_id = 0;
  bool active = false;                       // listed in status.activeEndpoints
  bool under_nat = false;                    // it must begin: no peer can reach it first
  std::optional<IpAddress> public_address;   // where peers reach it
  uint16_t public_port = 0;                  // publicPort, else port
  std::optional<IpAddress> private_address;  // on its LAN
  bool operator==(const PoolGateway&) const = default;
};

struct Pool {
  std::string name;  // of the Gateway
  bool tunnels_enabled = false;
  std::vector<Member> members;        // sorted by name
  std::vector<PoolGateway> gateways;  // order of preference: active ones, then as in the object
  std::vector<IpPrefix> prefixes;     // of all members, sorted, disjoint from other pools'
  std::vector<IpPrefix> refused;      // claimed, but another pool has them; sorted
  bool operator==(const Pool&) const = default;

  const Member* member(std::string_view node) const;
  // A member whose private address the prefix holds; null: none.  To ask for many prefixes, look
  // into private_addresses() first.
  const Member* member_within(const IpPrefix& prefix) const;
  PrefixSet private_addresses() const;  // as host prefixes
  const PoolGateway* gateway(std::string_view node) const;
};

struct PoolProblem {
  std::string pool;
  Problem problem;
  auto operator<=>(const PoolProblem&) const = default;
};

enum class Role : uint8_t {
  kNone,     // in no pool
  kPlain,    // in a pool, not one of its gateways
  kGateway,  // a candidate gateway, active or not
};

struct Network {
  std::string self;
  Role role = Role::kNone;
  std::vector<Pool> pools;            // sorted by name
  std::optional<std::size_t> own;     // index of our pool
  std::vector<PoolProblem> problems;  // sorted
  bool operator==(const Network&) const = default;

  const Pool* own_pool() const { return own ? &pools[*own] : nullptr; }
  const Member* own_member() const;  // this node in its pool
  const Pool* pool(std::string_view name) const;
  // Pools that we exchange traffic with: tunnels enabled there and here, with gateways.
  std::vector<const Pool*> remote_pools() const;
  // Of all pools but `except`.
  PrefixSet prefixes(const Pool* except = nullptr) const;
};

struct NetworkOptions {
  // Addresses that must never be reached through a tunnel, such as the API server's.
  std::vector<IpAddress> protected_addresses;
};

// Why no pool may claim this prefix; nullptr: it may be routed.
const char* never_routed(const IpPrefix& prefix);

// In any order.
Network project_network(
    std::vector<const Gateway*> gateways, std::string_view self, const NetworkOptions& options = {}
);
Network project_network(
    std::span<const Gateway> gateways, std::string_view self, const NetworkOptions& options = {}
);

// From objects as a cluster or a snapshot gives them; those that do not parse become problems.
Network project_network(
    const kube::Objects& gateways, std::string_view self, const NetworkOptions& options = {}
);

}  // namespace raven::model
