// How all Gateways become one Network.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "common/base/prefix_set.h"
#include "common/model/names.h"
#include "common/model/network.h"
#include "common/model/prefix_claims.h"
#include "common/model/projector.h"

namespace raven::model {
namespace {

// Builds the network pool by pool, the oldest first, so that whoever comes later finds what is
// taken.
class Projection {
 public:
  Projection(
      std::vector<const Gateway*> gateways, std::string_view self, const NetworkOptions& options
  )
      : self_{self},
        by_age_{std::move(gateways)},
        protected_{protected_addresses(by_age_, options)} {
    std::ranges::sort(by_age_, {}, [](const Gateway* gateway) {
      return std::tie(gateway->creation_timestamp, gateway->name);
    });
  }

  Network run() {
    network_.self = self_;
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
  static PrefixSet protected_addresses(
      const std::vector<const Gateway*>& gateways, const NetworkOptions& options
  ) {
    std::vector<IpPrefix> hosts;
    for (const IpAddress& address : options.protected_addresses)
      hosts.push_back(IpPrefix::host(address));
    for (const Gateway* gateway : gateways)
      for (const Endpoint& endpoint : gateway->endpoints)
        if (endpoint.public_address) hosts.push_back(IpPrefix::host(*endpoint.public_address));
    return PrefixSet{std::move(hosts)};
  }

  void problem(const std::string& pool, std::string where, std::string reason) {
    network_.problems.push_back({pool, {std::move(where), std::move(reason)}});
  }

  Pool make_pool(const Gateway& gateway) {
    for (const Problem& found : gateway.problems)
      network_.problems.push_back({gateway.name, found});
    Pool pool;
    pool.name = gateway.name;
    pool.tunnels_enabled = gateway.tunnels_enabled();
    node_of_prefix_.clear();
    for (const GatewayNode& node : gateway.nodes) add_member(pool, gateway, node);
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

  void add_member(Pool& pool, const Gateway& gateway, const GatewayNode& node) {
    const auto where = [&] { return "status.nodes[" + node.node_name + "]"; };
    const auto [owner, is_new] = pool_of_node_.emplace(node.node_name, &gateway);
    if (!is_new)
      return problem(
          pool.name, where(),
          "is a node of pool " + owner->second->name + " already; it stays there"
      );
    Member member;
    member.name = node.node_name;
    if (const auto address = IpAddress::parse(node.private_ip))
      member.private_address = *address;
    else
      problem(pool.name, where() + ".privateIP", address.error().message);
    for (std::size_t i = 0; i < node.subnets.size(); ++i) {
      std::string reason = add_prefix(pool, member, node, node.subnets[i]);
      if (!reason.empty())
        problem(pool.name, where() + ".subnets[" + std::to_string(i) + "]", std::move(reason));
    }
    std::ranges::sort(member.prefixes);
    pool.members.push_back(std::move(member));
  }

  // The controller leaves them out of the status.
  void add_refused(Pool& pool, const Gateway& gateway) {
    const std::string where{kRefusedSubnetsAnnotation};
    const auto annotation = gateway.annotations.find(where);
    if (annotation == gateway.annotations.end()) return;
    std::vector<Problem> problems;
    for (const IpPrefix& prefix : parse_prefix_list(annotation->second, where, problems))
      if (never_routed(prefix) == nullptr && protected_.first_within(prefix) == nullptr)
        pool.refused.push_back(prefix);
    for (Problem& found : problems) network_.problems.push_back({pool.name, std::move(found)});
  }

  // Returns why not; "": the member has it.
  std::string add_prefix(
      Pool& pool, Member& member, const GatewayNode& node, const std::string& text
  ) {
    const auto prefix = IpPrefix::parse(text);
    if (!prefix) return prefix.error().message;
    if (const char* reason = never_routed(*prefix))
      return text + ": " + reason + "; it is not routed";
    if (const IpPrefix* host = protected_.first_within(*prefix))
      return text + ": holds " + host->address().text() +
             ", which must be reached outside of tunnels; it is not routed";
    if (const auto taken = claims_.claim(*prefix, pool.name)) {
      pool.refused.push_back(*prefix);
      return text + ": overlaps " + taken->prefix.text() + " of pool " + taken->owner +
             ", which is older; it is not routed";
    }
    const auto [owner, is_new] = node_of_prefix_.emplace(*prefix, &node);
    if (is_new)
      member.prefixes.push_back(*prefix);
    else if (owner->second != &node)
      return text + ": belongs to node " + owner->second->node_name + " already";
    return "";
  }

  void add_gateway(Pool& pool, const Gateway& gateway, const Endpoint& endpoint) {
    const auto where = [&] { return "spec.endpoints[" + endpoint.node_name + "]"; };
    const Member* member = pool.member(endpoint.node_name);
    if (member == nullptr)
      return problem(
          pool.name, where(),
          "is no node of the pool in status.nodes; does it carry the label " +
              std::string{kGatewayLabel} + "=" + pool.name + "?"
      );
    PoolGateway box;
    box.name = endpoint.node_name;
    box.tunnel_id = tunnel_id(endpoint.node_name);
    const auto [owner, is_new] = node_of_tunnel_.emplace(box.tunnel_id, &endpoint.node_name);
    if (!is_new)
      return problem(
          pool.name, where(),
          "has the same tunnel id as " + *owner->second + "; rename one of the two nodes"
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
    const PrefixSet lan = own->private_addresses();
    for (Pool& pool : network_.pools) {
      if (&pool == own) continue;
      std::erase_if(pool.refused, [&](const IpPrefix& prefix) {
        return lan.first_within(prefix) != nullptr;
      });
      for (Member& member : pool.members)
        std::erase_if(member.prefixes, [&](const IpPrefix& prefix) {
          if (lan.first_within(prefix) == nullptr) return false;
          const Member* neighbour = own->member_within(prefix);
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
    const PrefixSet used{own->refused};
    for (Pool& pool : network_.pools) {
      if (&pool == own) continue;
      for (Member& member : pool.members)
        std::erase_if(member.prefixes, [&](const IpPrefix& prefix) {
          const IpPrefix* ours = used.first_within(prefix);
          if (ours == nullptr) return false;
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
  std::vector<const Gateway*> by_age_;
  const PrefixSet protected_;  // as host prefixes
  PrefixClaims claims_;
  std::unordered_map<std::string_view, const Gateway*> pool_of_node_;
  std::map<IpPrefix, const GatewayNode*> node_of_prefix_;  // of the pool at hand
  std::unordered_map<uint32_t, const std::string*> node_of_tunnel_;
  Network network_;
};

}  // namespace

Network project_network(
    std::vector<const Gateway*> gateways, std::string_view self, const NetworkOptions& options
) {
  return Projection{std::move(gateways), self, options}.run();
}

Network project_network(
    std::span<const Gateway> gateways, std::string_view self, const NetworkOptions& options
) {
  std::vector<const Gateway*> all;
  for (const Gateway& gateway : gateways) all.push_back(&gateway);
  return project_network(std::move(all), self, options);
}

Network project_network(
    const kube::Objects& gateways, std::string_view self, const NetworkOptions& options
) {
  Projector projector{std::string{self}, options};
  return *projector.project(std::make_shared<const kube::Objects>(gateways));
}

}  // namespace raven::model
