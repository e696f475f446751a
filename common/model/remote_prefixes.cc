// SPDX-License-Identifier: Apache-2.0
#include "common/model/remote_prefixes.h"

#include <algorithm>
#include <set>

#include "common/base/subtract.h"

namespace raven::model {
namespace {

bool claimed_by_any(const Network& network, const IpPrefix& prefix) {
  return std::ranges::any_of(network.pools, [&](const Pool& pool) {
    return std::ranges::any_of(pool.prefixes, [&](const IpPrefix& other) {
      return other.overlaps(prefix);
    });
  });
}

// Somebody has all of it.
bool inside_any(const Network& network, const IpPrefix& prefix) {
  return std::ranges::any_of(network.pools, [&](const Pool& pool) {
    return std::ranges::any_of(pool.prefixes, [&](const IpPrefix& other) {
      return other.contains(prefix);
    });
  });
}

// A claim that holds a prefix of another pool is no proof that our nodes use it.
bool holds_another_pools(const Network& network, const Pool& own, const IpPrefix& claim) {
  return std::ranges::any_of(network.pools, [&](const Pool& pool) {
    return &pool != &own && std::ranges::any_of(pool.prefixes, [&](const IpPrefix& other) {
      return claim.contains(other);
    });
  });
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
      for (const IpPrefix& prefix : remembered->second.prefixes)
        if (!claimed_by_any(network, prefix) && own->member_within(prefix) == nullptr)
          kept.prefixes.push_back(prefix);
    }
    if (kept != RemotePool{}) now[pool.name] = std::move(kept);
  }
  return now;
}

std::vector<IpPrefix> dropped_prefixes(const RemotePrefixes& remote, const Network& network) {
  std::vector<IpPrefix> nobodys;
  for (const auto& [name, pool] : remote)
    for (const IpPrefix& refused : pool.refused)
      if (!inside_any(network, refused)) nobodys.push_back(refused);
  return outside_own_pool(nobodys, network);
}

std::vector<IpPrefix> outside_own_pool(
    const std::vector<IpPrefix>& networks, const Network& network
) {
  std::vector<IpPrefix> ours;
  if (const Pool* own = network.own_pool(); own != nullptr) {
    ours = own->prefixes;
    for (const IpPrefix& claim : own->refused)
      if (!holds_another_pools(network, *own, claim)) ours.push_back(claim);
  }
  std::set<IpPrefix> outside;
  for (const IpPrefix& prefix : networks)
    for (const IpPrefix& rest : subtract(prefix, ours)) outside.insert(rest);
  return {outside.begin(), outside.end()};
}

bool own_status_was_emptied(const Network& before, const Network& now) {
  const Pool* own = before.own_pool();
  if (own == nullptr || now.own_pool() != nullptr) return false;
  const Pool* same = now.pool(own->name);
  return same != nullptr && same->tunnels_enabled && same->members.empty();
}

}  // namespace raven::model
