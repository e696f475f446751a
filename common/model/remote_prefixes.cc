// SPDX-License-Identifier: Apache-2.0
#include "common/model/remote_prefixes.h"

#include <algorithm>
#include <optional>

#include "common/base/prefix_set.h"

namespace raven::model {
namespace {

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
      if (!somebodys) somebodys = network.prefixes();
      kept.prefixes = still_of(remembered->second.prefixes, *somebodys, own->private_addresses());
    }
    if (kept != RemotePool{}) now[pool.name] = std::move(kept);
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
