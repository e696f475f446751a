// SPDX-License-Identifier: Apache-2.0
#include "common/model/remote_prefixes.h"

#include <algorithm>
#include <optional>
#include <set>

#include "common/base/prefix_set.h"
#include "common/base/subtract.h"

namespace raven::model {
namespace {

// What all pools have, but `except`.
PrefixSet routed(const Network& network, const Pool* except = nullptr) {
  std::vector<IpPrefix> prefixes;
  for (const Pool& pool : network.pools)
    if (&pool != except)
      prefixes.insert(prefixes.end(), pool.prefixes.begin(), pool.prefixes.end());
  return PrefixSet{std::move(prefixes)};
}

// What our nodes use though another pool got it.  A claim that holds a prefix of another pool is no
// proof that they do.
std::vector<IpPrefix> refused_but_used(const Network& network) {
  const Pool* own = network.own_pool();
  if (own == nullptr || own->refused.empty()) return {};
  const PrefixSet others = routed(network, own);
  std::vector<IpPrefix> used = own->refused;
  std::erase_if(used, [&](const IpPrefix& claim) { return others.first_within(claim) != nullptr; });
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
    prefixes.insert(prefixes.end(), pool.refused.begin(), pool.refused.end());
  if (prefixes.empty()) return prefixes;
  const PrefixSet somebodys = routed(network);
  std::erase_if(prefixes, [&](const IpPrefix& refused) {
    return somebodys.outermost_around(refused) != nullptr;
  });
  return prefixes;
}

// What of the prefixes that a pool had is nobody else's now.
std::vector<IpPrefix> still_of(
    const std::vector<IpPrefix>& remembered, const PrefixSet& somebodys, const PrefixSet& lan
) {
  std::vector<IpPrefix> kept = remembered;
  std::erase_if(kept, [&](const IpPrefix& prefix) {
    return somebodys.overlaps(prefix) || lan.first_within(prefix) != nullptr;
  });
  return kept;
}

}  // namespace

RemotePrefixes remember_prefixes(const RemotePrefixes& before, const Network& network) {
  RemotePrefixes now;
  const Pool* own = network.own_pool();
  if (own == nullptr || !own->tunnels_enabled) return now;
  std::optional<PrefixSet> somebodys;  // sorted once somebody asks
  for (const Pool& pool : network.pools) {
    if (&pool == own || !pool.tunnels_enabled) continue;
    if (!pool.prefixes.empty()) {
      now[pool.name] = {pool.prefixes, pool.refused};
      continue;
    }
    RemotePool kept{{}, pool.refused};
    if (const auto remembered = before.find(pool.name); remembered != before.end()) {
      if (kept.refused.empty()) kept.refused = remembered->second.refused;
      if (!somebodys) somebodys = routed(network);
      kept.prefixes = still_of(remembered->second.prefixes, *somebodys, own->private_addresses());
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
