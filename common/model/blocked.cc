// SPDX-License-Identifier: Apache-2.0
#include "common/model/blocked.h"

#include <algorithm>
#include <iterator>

#include "common/base/prefix_set.h"

namespace raven::model {
namespace {

// What our nodes use though another pool got it.  A claim that holds a prefix of another pool is no
// proof that they do.
std::vector<IpPrefix> refused_but_used(const Network& network) {
  const Pool* own = network.own_pool();
  if (own == nullptr || own->refused.empty()) return {};
  const PrefixSet others = network.prefixes(own);
  std::vector<IpPrefix> used = own->refused;
  std::erase_if(used, [&](const IpPrefix& claim) { return others.first_within(claim) != nullptr; });
  return used;
}

std::vector<IpPrefix> nobodys(const RemotePrefixes& remote, const Network& network) {
  std::vector<IpPrefix> prefixes;
  for (const auto& [name, pool] : remote)
    prefixes.insert(prefixes.end(), pool.refused.begin(), pool.refused.end());
  if (prefixes.empty()) return prefixes;
  const PrefixSet somebodys = network.prefixes();
  std::erase_if(prefixes, [&](const IpPrefix& refused) {
    return somebodys.outermost_around(refused) != nullptr;
  });
  return prefixes;
}

std::vector<IpPrefix> used_by_own_pool(const Network& network) {
  std::vector<IpPrefix> used = refused_but_used(network);
  if (const Pool* own = network.own_pool(); own != nullptr)
    used.insert(used.end(), own->prefixes.begin(), own->prefixes.end());
  return used;
}

}  // namespace

BlockedPrefixes blocked_prefixes(const RemotePrefixes& remote, const Network& network) {
  const std::vector<IpPrefix> closed = nobodys(remote, network);
  if (closed.empty()) return {};
  std::vector<IpPrefix> open = used_by_own_pool(network);
  if (const Pool* own = network.own_pool(); own != nullptr)
    std::ranges::copy(own->private_addresses().all(), std::back_inserter(open));
  // A claim of ours can reach into what a pool without a status had: nothing of that is opened.
  std::vector<IpPrefix> remembered;
  for (const auto& [name, pool] : remote)
    remembered.insert(remembered.end(), pool.prefixes.begin(), pool.prefixes.end());
  const PrefixSet others{std::move(remembered)};
  std::erase_if(open, [&](const IpPrefix& prefix) { return others.overlaps(prefix); });
  return block(closed, open);
}

std::vector<IpPrefix> blocked_networks(
    const std::vector<IpPrefix>& networks, const Network& network
) {
  return without_holes(block(networks, used_by_own_pool(network)));
}

}  // namespace raven::model
