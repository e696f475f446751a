// SPDX-License-Identifier: Apache-2.0
#include "common/model/network.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "common/model/names.h"
#include "common/model/prefix_claims.h"

namespace raven::model {
namespace {

// Builds the network pool by pool, the oldest first, so that whoever comes later finds what is
// taken.
class Projection {
 public:
  Projection(
      std::span<const Gateway> gateways, std::string_view self, const NetworkOptions& options
  )
      : self_{self}, protected_{options.protected_addresses} {
    for (const Gateway& gateway : gateways) by_age_.push_back(&gateway);
    std::sort(by_age_.begin(), by_age_.end(), [](const Gateway* a, const Gateway* b) {
      return std::tie(a->creation_timestamp, a->name) < std::tie(b->creation_timestamp, b->name);
    });
  }

  Network run() {
    network_.self = self_;
    for (const Gateway* gateway : by_age_)
      for (const Endpoint& endpoint : gateway->endpoints)
        if (endpoint.public_address) protected_.push_back(*endpoint.public_address);
    for (const Gateway* gateway : by_age_) network_.pools.push_back(make_pool(*gateway));
    std::sort(network_.pools.begin(), network_.pools.end(), [](const Pool& a, const Pool& b) {
      return a.name < b.name;
    });
    find_self();
    refuse_own_lan();
    refuse_own_prefixes();
    for (Pool& pool : network_.pools) collect_prefixes(pool);
    std::sort(network_.problems.begin(), network_.problems.end());
    return std::move(network_);
  }

 private:
  void problem(const std::string& pool, std::string where, std::string reason) {
    network_.problems.push_back({pool, {std::move(where), std::move(reason)}});
  }

  Pool make_pool(const Gateway& gateway) {
    for (const Problem& found : gateway.problems)
      network_.problems.push_back({gateway.name, found});
    Pool pool;
    pool.name = gateway.name;
    pool.tunnels_enabled = gateway.tunnels_enabled();
    for (const GatewayNode& node : gateway.nodes) add_member(pool, node);
    add_refused(pool, gateway);
    std::sort(pool.members.begin(), pool.members.end(), [](const Member& a, const Member& b) {
      return a.name < b.name;
    });
    for (const Endpoint& endpoint : gateway.endpoints)
      if (endpoint.type == EndpointType::kTunnel) add_gateway(pool, gateway, endpoint);
    std::stable_partition(pool.gateways.begin(), pool.gateways.end(), [](const PoolGateway& box) {
      return box.active;
    });
    return pool;
  }

  void add_member(Pool& pool, const GatewayNode& node) {
    const std::string where = "status.nodes[" + node.node_name + "]";
    const auto [owner, is_new] = pool_of_node_.emplace(node.node_name, pool.name);
    if (!is_new)
      return problem(
          pool.name, where, "is a node of pool " + owner->second + " already; it stays there"
      );
    Member member;
    member.name = node.node_name;
    if (const auto address = IpAddress::parse(node.private_ip))
      member.private_address = *address;
    else
      problem(pool.name, where + ".privateIP", address.error().message);
    for (std::size_t i = 0; i < node.subnets.size(); ++i)
      add_prefix(pool, member, node.subnets[i], where + ".subnets[" + std::to_string(i) + "]");
    std::sort(member.prefixes.begin(), member.prefixes.end());
    pool.members.push_back(std::move(member));
  }

  // The controller leaves them out of the status.
  void add_refused(Pool& pool, const Gateway& gateway) {
    const std::string where{kRefusedSubnetsAnnotation};
    const auto annotation = gateway.annotations.find(where);
    if (annotation == gateway.annotations.end()) return;
    std::vector<Problem> problems;
    for (const IpPrefix& prefix : parse_prefix_list(annotation->second, where, problems))
      if (never_routed(prefix) == nullptr && protected_in(prefix) == nullptr)
        pool.refused.push_back(prefix);
    for (Problem& found : problems) network_.problems.push_back({pool.name, std::move(found)});
  }

  const IpAddress* protected_in(const IpPrefix& prefix) const {
    const auto found = std::ranges::find_if(protected_, [&](const IpAddress& address) {
      return prefix.contains(address);
    });
    return found == protected_.end() ? nullptr : &*found;
  }

  void add_prefix(Pool& pool, Member& member, const std::string& text, const std::string& where) {
    const auto prefix = IpPrefix::parse(text);
    if (!prefix) return problem(pool.name, where, prefix.error().message);
    if (const char* reason = never_routed(*prefix))
      return problem(pool.name, where, text + ": " + reason + "; it is not routed");
    if (const IpAddress* address = protected_in(*prefix))
      return problem(
          pool.name, where,
          text + ": holds " + address->text() +
              ", which must be reached outside of tunnels; it is not routed"
      );
    if (const auto taken = claims_.claim(*prefix, pool.name)) {
      pool.refused.push_back(*prefix);
      return problem(
          pool.name, where,
          text + ": overlaps " + taken->prefix.text() + " of pool " + taken->owner +
              ", which is older; it is not routed"
      );
    }
    const auto [owner, is_new] = node_of_prefix_.emplace(*prefix, member.name);
    if (is_new)
      member.prefixes.push_back(*prefix);
    else if (owner->second != member.name)
      problem(pool.name, where, text + ": belongs to node " + owner->second + " already");
  }

  void add_gateway(Pool& pool, const Gateway& gateway, const Endpoint& endpoint) {
    const std::string where = "spec.endpoints[" + endpoint.node_name + "]";
    const Member* member = pool.member(endpoint.node_name);
    if (member == nullptr)
      return problem(
          pool.name, where,
          "is no node of the pool in status.nodes; does it carry the label " +
              std::string{kGatewayLabel} + "=" + pool.name + "?"
      );
    PoolGateway box;
    box.name = endpoint.node_name;
    box.tunnel_id = tunnel_id(endpoint.node_name);
    const auto [owner, is_new] = node_of_tunnel_.emplace(box.tunnel_id, box.name);
    if (!is_new)
      return problem(
          pool.name, where,
          "has the same tunnel id as " + owner->second + "; rename one of the two nodes"
      );
    box.active = std::any_of(
        gateway.active_endpoints.begin(), gateway.active_endpoints.end(),
        [&](const Endpoint& active) {
          return active.type == EndpointType::kTunnel && active.node_name == endpoint.node_name;
        }
    );
    box.under_nat = endpoint.under_nat;
    box.public_address = endpoint.public_address;
    box.public_port = endpoint.public_port != 0 ? endpoint.public_port : endpoint.port;
    box.private_address = member->private_address;
    pool.gateways.push_back(std::move(box));
  }

  void find_self() {
    for (std::size_t i = 0; i < network_.pools.size(); ++i) {
      const Pool& pool = network_.pools[i];
      if (pool.member(self_) == nullptr) continue;
      network_.own = i;
      network_.role = pool.gateway(self_) != nullptr ? Role::kGateway : Role::kPlain;
    }
  }

  // A remote prefix that holds our own neighbours would pull the LAN into a tunnel.
  void refuse_own_lan() {
    const Pool* own = network_.own_pool();
    if (own == nullptr) return;
    for (Pool& pool : network_.pools) {
      if (&pool == own) continue;
      std::erase_if(pool.refused, [&](const IpPrefix& prefix) {
        return own->member_within(prefix) != nullptr;
      });
      for (Member& member : pool.members)
        std::erase_if(member.prefixes, [&](const IpPrefix& prefix) {
          const Member* neighbour = own->member_within(prefix);
          if (neighbour == nullptr) return false;
          problem(
              pool.name, "status.nodes[" + member.name + "].subnets",
              prefix.text() + ": holds " + neighbour->private_address->text() +
                  " of our own node " + neighbour->name + "; it is not routed here"
          );
          return true;
        });
    }
  }

  // Our own nodes use what our pool was refused: for them it is no other pool's.  But a claim that
  // is wider than what another pool has says nothing about that part of it.
  void refuse_own_prefixes() {
    const Pool* own = network_.own_pool();
    if (own == nullptr || own->refused.empty()) return;
    for (Pool& pool : network_.pools) {
      if (&pool == own) continue;
      for (Member& member : pool.members)
        std::erase_if(member.prefixes, [&](const IpPrefix& prefix) {
          const auto ours = std::ranges::find_if(own->refused, [&](const IpPrefix& refused) {
            return prefix.contains(refused);
          });
          if (ours == own->refused.end()) return false;
          pool.refused.push_back(prefix);
          problem(
              pool.name, "status.nodes[" + member.name + "].subnets",
              prefix.text() + ": overlaps " + ours->text() +
                  ", which nodes of our own pool use; it is not routed here"
          );
          return true;
        });
    }
  }

  static void collect_prefixes(Pool& pool) {
    for (const Member& member : pool.members)
      pool.prefixes.insert(pool.prefixes.end(), member.prefixes.begin(), member.prefixes.end());
    std::sort(pool.prefixes.begin(), pool.prefixes.end());
    std::sort(pool.refused.begin(), pool.refused.end());
    pool.refused.erase(std::unique(pool.refused.begin(), pool.refused.end()), pool.refused.end());
  }

  const std::string self_;
  std::vector<IpAddress> protected_;
  std::vector<const Gateway*> by_age_;
  PrefixClaims claims_;
  std::map<std::string, std::string> pool_of_node_;
  std::map<IpPrefix, std::string> node_of_prefix_;
  std::map<uint32_t, std::string> node_of_tunnel_;
  Network network_;
};

}  // namespace

const char* never_routed(const IpPrefix& prefix) {
  if (prefix.length() == 0) return "is a default route";
  if (prefix.address().is_loopback()) return "is a loopback prefix";
  if (prefix.address().is_multicast()) return "is a multicast or reserved prefix";
  if (prefix.address().is_link_local()) return "is a link-local prefix";
  if (prefix.address().is_unspecified()) return "holds the unspecified address";
  return nullptr;
}

const Member* Pool::member(std::string_view node) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& member) {
    return member.name == node;
  });
  return found == members.end() ? nullptr : &*found;
}

const Member* Pool::member_within(const IpPrefix& prefix) const {
  const auto found = std::ranges::find_if(members, [&](const Member& member) {
    return member.private_address && prefix.contains(*member.private_address);
  });
  return found == members.end() ? nullptr : &*found;
}

const PoolGateway* Pool::gateway(std::string_view node) const {
  const auto found = std::find_if(gateways.begin(), gateways.end(), [&](const PoolGateway& box) {
    return box.name == node;
  });
  return found == gateways.end() ? nullptr : &*found;
}

const Member* Network::own_member() const {
  const Pool* pool = own_pool();
  return pool == nullptr ? nullptr : pool->member(self);
}

const Pool* Network::pool(std::string_view name) const {
  const auto found =
      std::find_if(pools.begin(), pools.end(), [&](const Pool& pool) { return pool.name == name; });
  return found == pools.end() ? nullptr : &*found;
}

std::vector<const Pool*> Network::remote_pools() const {
  std::vector<const Pool*> result;
  const Pool* ours = own_pool();
  if (ours == nullptr || !ours->tunnels_enabled) return result;
  for (const Pool& candidate : pools)
    if (&candidate != ours && candidate.tunnels_enabled && !candidate.gateways.empty())
      result.push_back(&candidate);
  return result;
}

Network project_network(
    std::span<const Gateway> gateways, std::string_view self, const NetworkOptions& options
) {
  return Projection{gateways, self, options}.run();
}

Network project_network(
    const kube::Objects& gateways, std::string_view self, const NetworkOptions& options
) {
  std::vector<Gateway> parsed;
  std::vector<PoolProblem> unreadable;
  for (const auto& [key, object] : gateways) {
    if (auto gateway = parse_gateway(*object))
      parsed.push_back(std::move(*gateway));
    else
      unreadable.push_back({key, {"metadata", gateway.error().message}});
  }
  Network network = project_network(std::span<const Gateway>{parsed}, self, options);
  network.problems.insert(network.problems.end(), unreadable.begin(), unreadable.end());
  std::sort(network.problems.begin(), network.problems.end());
  return network;
}

}  // namespace raven::model
