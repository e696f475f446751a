// SPDX-License-Identifier: Apache-2.0
#include "common/model/remote_prefixes.h"

#include <algorithm>

namespace raven::model {
namespace {

bool claimed_by_any(const Network& network, const IpPrefix& prefix) {
  return std::ranges::any_of(network.pools, [&](const Pool& pool) {
    return std::ranges::any_of(pool.prefixes, [&](const IpPrefix& other) {
      return other.overlaps(prefix);
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
      now[pool.name] = pool.prefixes;
      continue;
    }
    const auto remembered = before.find(pool.name);
    if (remembered == before.end()) continue;
    for (const IpPrefix& prefix : remembered->second)
      if (!claimed_by_any(network, prefix)) now[pool.name].push_back(prefix);
  }
  return now;
}

bool own_status_was_emptied(const Network& before, const Network& now) {
  const Pool* own = before.own_pool();
  if (own == nullptr || now.own_pool() != nullptr) return false;
  const Pool* same = now.pool(own->name);
  return same != nullptr && same->tunnels_enabled && same->members.empty();
}

}  // namespace raven::model
