// SPDX-License-Identifier: Apache-2.0
#include "common/model/remote_prefixes.h"

#include <algorithm>
#include <set>

#include "common/base/subtract.h"

namespace raven::model {
namespace {

// Some pool but `except` has a prefix that passes the test.
template <class Test>
bool any_has(const Network& network, const Pool* except, Test test) {
  return std::ranges::any_of(network.pools, [&](const Pool& pool) {
    return &pool != except && std::ranges::any_of(pool.prefixes, test);
  });
}

// What our nodes use though another pool got it.  A claim that holds a prefix of another pool is no
// proof that they do.
std::vector<IpPrefix> refused_but_used(const Network& network) {
  std::vector<IpPrefix> used;
  if (const Pool* own = network.own_pool(); own != nullptr)
    for (const IpPrefix& claim : own->refused) {
      const auto inside = [&](const IpPrefix& other) { return claim.contains(other); };
      if (!any_has(network, own, inside)) used.push_back(claim);
    }
  return used;
}

std::vector<IpPrefix> without(
    const std::vector<IpPrefix>& networks, const std::vector<IpPrefix>& holes
) {
  std::set<IpPrefix> outside;
  for (const IpPrefix& prefix : networks)
    for (const IpPrefix& rest : subtract(prefix, holes)) outside.insert(rest);
  return {outside.begin(), outside.end()};
}

std::vector<IpPrefix> nobodys(const RemotePrefixes& remote, const Network& network) {
  std::vector<IpPrefix> prefixes;
  for (const auto& [name, pool] : remote)
    for (const IpPrefix& refused : pool.refused) {
      const auto around = [&](const IpPrefix& other) { return other.contains(refused); };
      if (!any_has(network, nullptr, around)) prefixes.push_back(refused);
    }
  return prefixes;
}

}  // namespace

RemotePrefixes remember_prefixes(const RemotePrefixes& before, const Network& network) {
  RemotePrefixes now;
  const Pool* own = network.own_pool();
  if (own == nullptr || !own->tunnels_enabled) return now;
  for (const Pool& pool : network.pools) {
    if (&pool == own || !pool.tunnels_enabled) continue;
    if (!pool.prefixes.empty()) {
      now[pool.name] = {pool.prefixes, pool.refused};
      continue;
    }
    RemotePool kept{{}, pool.refused};
    if (const auto remembered = before.find(pool.name); remembered != before.end()) {
      if (kept.refused.empty()) kept.refused = remembered->second.refused;
      for (const IpPrefix& prefix : remembered->second.prefixes) {
        const auto claims = [&](const IpPrefix& other) { return other.overlaps(prefix); };
        if (!any_has(network, nullptr, claims) && own->member_within(prefix) == nullptr)
          kept.prefixes.push_back(prefix);
      }
    }
    if (kept != RemotePool{}) now[pool.name] = std::move(kept);
  }
  return now;
}

std::vector<IpPrefix> dropped_prefixes(const RemotePrefixes& remote, const Network& network) {
  return outside_own_pool(nobodys(remote, network), network);
}

std::vector<IpPrefix> dropped_around_own_pool(
    const RemotePrefixes& remote, const Network& network
) {
  std::vector<IpPrefix> holes = refused_but_used(network);
  // Nobody is told of nodes without an address.
  if (const Pool* own = network.own_pool(); own != nullptr)
    for (const Member& member : own->members)
      if (!member.private_address)
        holes.insert(holes.end(), member.prefixes.begin(), member.prefixes.end());
  return without(nobodys(remote, network), holes);
}

std::vector<IpPrefix> outside_own_pool(
    const std::vector<IpPrefix>& networks, const Network& network
) {
  std::vector<IpPrefix> ours = refused_but_used(network);
  if (const Pool* own = network.own_pool(); own != nullptr)
    ours.insert(ours.end(), own->prefixes.begin(), own->prefixes.end());
  return without(networks, ours);
}

bool own_status_was_emptied(const Network& before, const Network& now) {
  const Pool* own = before.own_pool();
  if (own == nullptr || now.own_pool() != nullptr) return false;
  const Pool* same = now.pool(own->name);
  return same != nullptr && same->tunnels_enabled && same->members.empty();
}

}  // namespace raven::model
