// Random networks full of conflicts: the projection, which sorts and searches, against the rules of
// network.h and remote_prefixes.h as they read.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "common/model/names.h"
#include "common/model/network.h"
#include "common/model/remote_prefixes.h"
#include "common/wire/raven.h"

namespace raven::model {
namespace {

// ---- the rules, by looking at everything each time ----

class Reference {
 public:
  Reference(std::vector<Gateway> gateways, std::string self, std::vector<IpAddress> must_reach)
      : gateways_{std::move(gateways)}, protected_{std::move(must_reach)} {
    network_.self = std::move(self);
    std::ranges::sort(gateways_, {}, [](const Gateway& gateway) {
      return std::pair{gateway.creation_timestamp, gateway.name};
    });
    for (const Gateway& gateway : gateways_)
      for (const Endpoint& endpoint : gateway.endpoints)
        if (endpoint.public_address) protected_.push_back(*endpoint.public_address);
    std::ranges::sort(protected_);
  }

  Network run() {
    for (const Gateway& gateway : gateways_) add_pool(gateway);
    std::ranges::sort(network_.pools, {}, &Pool::name);
    for (std::size_t i = 0; i < network_.pools.size(); ++i)
      for (const Member& member : network_.pools[i].members)
        if (member.name == network_.self) find_role(i);
    if (network_.own)
      for (std::size_t i = 0; i < network_.pools.size(); ++i)
        if (i != *network_.own) yield_to_own(network_.pools[i]);
    for (Pool& pool : network_.pools) {
      for (const Member& member : pool.members)
        pool.prefixes.insert(pool.prefixes.end(), member.prefixes.begin(), member.prefixes.end());
      std::ranges::sort(pool.prefixes);
      const std::set<IpPrefix> refused(pool.refused.begin(), pool.refused.end());
      pool.refused.assign(refused.begin(), refused.end());
    }
    std::ranges::sort(network_.problems);
    return network_;
  }

 private:
  struct Granted {
    IpPrefix prefix;
    std::string pool, node;
  };

  void problem(const std::string& pool, const std::string& where, const std::string& reason) {
    network_.problems.push_back({pool, {where, reason}});
  }

  const IpAddress* protected_in(const IpPrefix& prefix) const {
    for (const IpAddress& address : protected_)
      if (prefix.contains(address)) return &address;
    return nullptr;
  }

  void add_pool(const Gateway& gateway) {
    Pool& pool = network_.pools.emplace_back();
    pool.name = gateway.name;
    pool.tunnels_enabled = gateway.tunnels_enabled();
    for (const GatewayNode& node : gateway.nodes) add_member(pool, node);
    const auto annotation = gateway.annotations.find(std::string{kRefusedSubnetsAnnotation});
    std::vector<Problem> none;
    if (annotation != gateway.annotations.end())
      for (const IpPrefix& prefix : parse_prefix_list(annotation->second, "", none))
        if (never_routed(prefix) == nullptr && protected_in(prefix) == nullptr)
          pool.refused.push_back(prefix);
    std::ranges::sort(pool.members, {}, &Member::name);
    for (const bool active : {true, false})
      for (const Endpoint& endpoint : gateway.endpoints)
        add_gateway(pool, gateway, endpoint, active);
  }

  void add_member(Pool& pool, const GatewayNode& node) {
    const std::string where = "status.nodes[" + node.node_name + "]";
    for (const Pool& other : network_.pools)
      for (const Member& member : other.members)
        if (member.name == node.node_name)
          return problem(
              pool.name, where, "is a node of pool " + other.name + " already; it stays there"
          );
    Member member{node.node_name, IpAddress::parse(node.private_ip).value(), {}};
    for (std::size_t i = 0; i < node.subnets.size(); ++i) {
      const IpPrefix prefix = IpPrefix::parse(node.subnets[i]).value();
      const std::string reason = claim(pool, node.node_name, prefix);
      if (reason == "granted")
        member.prefixes.push_back(prefix);
      else if (!reason.empty())
        problem(
            pool.name, where + ".subnets[" + std::to_string(i) + "]", prefix.text() + ": " + reason
        );
    }
    std::ranges::sort(member.prefixes);
    pool.members.push_back(member);
  }

  // "": this node has it already.
  std::string claim(Pool& pool, const std::string& node, const IpPrefix& prefix) {
    if (const char* reason = never_routed(prefix))
      return std::string{reason} + "; it is not routed";
    if (const IpAddress* address = protected_in(prefix))
      return "holds " + address->text() +
             ", which must be reached outside of tunnels; it is not routed";
    const Granted* taken = nullptr;
    for (const Granted& granted : granted_)
      if (granted.pool != pool.name && granted.prefix.overlaps(prefix) &&
          (taken == nullptr || granted.prefix < taken->prefix))
        taken = &granted;
    if (taken != nullptr) {
      pool.refused.push_back(prefix);
      return "overlaps " + taken->prefix.text() + " of pool " + taken->pool +
             ", which is older; it is not routed";
    }
    for (const Granted& granted : granted_)
      if (granted.prefix == prefix)
        return granted.node == node ? "" : "belongs to node " + granted.node + " already";
    granted_.push_back({prefix, pool.name, node});
    return "granted";
  }

  void add_gateway(Pool& pool, const Gateway& gateway, const Endpoint& endpoint, bool active) {
    const bool listed = std::ranges::count(gateway.active_endpoints, endpoint) != 0;
    if (listed != active) return;
    const auto member = std::ranges::find(pool.members, endpoint.node_name, &Member::name);
    if (member == pool.members.end())
      return problem(
          pool.name, "spec.endpoints[" + endpoint.node_name + "]",
          "is no node of the pool in status.nodes; does it carry the label "
          "raven.openyurt.io/gateway=" +
              pool.name + "?"
      );
    PoolGateway box;
    box.name = endpoint.node_name;
    box.tunnel_id = tunnel_id(box.name);
    box.active = active;
    box.public_address = endpoint.public_address;
    box.public_port = endpoint.port;
    box.private_address = member->private_address;
    pool.gateways.push_back(box);
  }

  void find_role(std::size_t pool) {
    network_.own = pool;
    const auto& gateways = network_.pools[pool].gateways;
    const bool listed = std::ranges::count(gateways, network_.self, &PoolGateway::name) != 0;
    network_.role = listed ? Role::kGateway : Role::kPlain;
  }

  void yield_to_own(Pool& pool) {
    const Pool& own = network_.pools[*network_.own];
    const auto neighbour_in = [&](const IpPrefix& prefix) {
      return std::ranges::find_if(own.members, [&](const Member& member) {
        return prefix.contains(*member.private_address);
      });
    };
    std::erase_if(pool.refused, [&](const IpPrefix& prefix) {
      return neighbour_in(prefix) != own.members.end();
    });
    std::vector<IpPrefix> used = own.refused;
    std::ranges::sort(used);
    for (Member& member : pool.members)
      std::erase_if(member.prefixes, [&](const IpPrefix& prefix) {
        const std::string where = "status.nodes[" + member.name + "].subnets";
        if (const auto neighbour = neighbour_in(prefix); neighbour != own.members.end()) {
          problem(
              pool.name, where,
              prefix.text() + ": holds " + neighbour->private_address->text() +
                  " of our own node " + neighbour->name + "; it is not routed here"
          );
          return true;
        }
        for (const IpPrefix& ours : used)
          if (prefix.contains(ours)) {
            pool.refused.push_back(prefix);
            problem(
                pool.name, where,
                prefix.text() + ": overlaps " + ours.text() +
                    ", which nodes of our own pool use; it is not routed here"
            );
            return true;
          }
        return false;
      });
  }

  std::vector<Gateway> gateways_;
  std::vector<IpAddress> protected_;
  std::vector<Granted> granted_;
  Network network_;
};

// Some pool but `except` has a prefix that passes the test.
template <class Test>
bool any_has(const Network& network, const Pool* except, Test test) {
  return std::ranges::any_of(network.pools, [&](const Pool& pool) {
    return &pool != except && std::ranges::any_of(pool.prefixes, test);
  });
}

// ---- random networks ----

// Few addresses, so that most things meet.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_{seed} {}
  unsigned below(std::size_t bound) { return static_cast<unsigned>(engine_() % bound); }

  // Within 10.0.0.0/20 or fd00::/20, now and then something that nobody may have.
  IpPrefix prefix() {
    if (below(40) == 0) return IpPrefix::parse("169.254.1.0/24").value();
    if (below(3) != 0)
      return IpPrefix::masked(IpAddress::v4((10u << 24) + below(1u << 12)), 18 + below(15));
    uint8_t bytes[16] = {0xfd, 0, static_cast<uint8_t>(below(16)), static_cast<uint8_t>(below(4))};
    return IpPrefix::masked(IpAddress::v6_bytes(bytes), 20 + below(14));
  }
  IpAddress address() { return IpAddress::v4((10u << 24) + below(1u << 16)); }

  Gateway gateway(unsigned number) {
    Gateway gateway;
    gateway.name = "pool-" + std::to_string(number);
    gateway.creation_timestamp = std::to_string(2000 + below(5));
    gateway.tunnel_replicas = below(5) == 0 ? 0 : 1;
    for (unsigned i = below(5); i > 0; --i) {
      GatewayNode node{"node-" + std::to_string(below(40)), address().text(), {}};
      for (unsigned k = below(4); k > 0; --k) node.subnets.push_back(prefix().text());
      gateway.nodes.push_back(node);
    }
    std::set<std::string> boxes;
    for (unsigned i = below(3); i > 0; --i) {
      Endpoint endpoint;
      endpoint.node_name = gateway.nodes.empty() || below(8) == 0
                               ? "node-" + std::to_string(below(40))
                               : gateway.nodes[below(gateway.nodes.size())].node_name;
      endpoint.port = kTunnelPort;
      if (below(4) == 0) endpoint.public_address = address();
      if (!boxes.insert(endpoint.node_name).second) continue;
      gateway.endpoints.push_back(endpoint);
      if (below(2) == 0) gateway.active_endpoints.push_back(endpoint);
    }
    if (below(4) == 0)
      gateway.annotations[std::string{kRefusedSubnetsAnnotation}] =
          prefix().text() + "," + prefix().text();
    return gateway;
  }

 private:
  std::minstd_rand engine_;
};

struct World {
  explicit World(unsigned seed) : dice{seed} {
    for (unsigned i = 0; i < 12; ++i) gateways.push_back(dice.gateway(i));
    for (unsigned i = dice.below(3); i > 0; --i) must_reach.push_back(dice.address());
    self = "node-" + std::to_string(dice.below(40));
  }
  Network network() const {
    return project_network(
        std::span<const Gateway>{gateways}, self, {.protected_addresses = must_reach}
    );
  }
  Dice dice;
  std::vector<Gateway> gateways;
  std::vector<IpAddress> must_reach;
  std::string self;
};

constexpr unsigned kWorlds = 3000;

TEST(RandomNetwork, IsProjectedAsTheRulesSay) {
  std::size_t refused = 0, gateways = 0;
  for (unsigned seed = 1; seed <= kWorlds; ++seed) {
    World world{seed};
    const Network network = world.network();
    const Network expected = Reference{world.gateways, world.self, world.must_reach}.run();
    ASSERT_EQ(network.problems, expected.problems) << seed;
    ASSERT_EQ(network.pools, expected.pools) << seed;
    ASSERT_EQ(network, expected) << seed;
    for (const Pool& pool : network.pools) refused += pool.refused.size();
    gateways += network.role == Role::kGateway;
  }
  EXPECT_GT(refused, kWorlds) << "or the test shows nothing";
  EXPECT_GT(gateways, kWorlds / 20);
}

// What a pool keeps while its status is empty: all that nobody else has now.
TEST(RandomNetwork, RemembersWhatTheRulesSay) {
  std::size_t kept = 0;
  for (unsigned seed = 1; seed <= kWorlds; ++seed) {
    World world{seed};
    const RemotePrefixes before = remember_prefixes({}, world.network());
    for (Gateway& gateway : world.gateways)
      if (world.dice.below(2) == 0 && gateway.nodes.size() < 3) gateway.nodes.clear();
    const Network network = world.network();
    const RemotePrefixes now = remember_prefixes(before, network);
    for (const auto& [name, pool] : now) {
      const Pool& listed = *network.pool(name);
      if (!listed.prefixes.empty()) {
        ASSERT_EQ(pool.prefixes, listed.prefixes) << seed;
        continue;
      }
      std::vector<IpPrefix> expected;
      if (before.contains(name))
        for (const IpPrefix& prefix : before.at(name).prefixes) {
          const auto meets = [&](const IpPrefix& other) { return other.overlaps(prefix); };
          if (!any_has(network, nullptr, meets) && !network.own_pool()->member_within(prefix))
            expected.push_back(prefix);
        }
      ASSERT_EQ(pool.prefixes, expected) << seed;
      kept += expected.size();
    }
  }
  EXPECT_GT(kept, kWorlds / 20) << "or the test shows nothing";
}

}  // namespace
}  // namespace raven::model
