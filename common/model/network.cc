// SPDX-License-Identifier: Apache-2.0
#include "common/model/network.h"

#include <algorithm>

namespace raven::model {
namespace {

// REQUIRES: sorted by name.
template <class T>
const T* find_by_name(const std::vector<T>& sorted, std::string_view name) {
  const auto found = std::ranges::lower_bound(sorted, name, {}, &T::name);
  return found != sorted.end() && found->name == name ? &*found : nullptr;
}

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
  return find_by_name(members, node);
}

const Member* Pool::member_within(const IpPrefix& prefix) const {
  const auto found = std::ranges::find_if(members, [&](const Member& member) {
    return member.private_address && prefix.contains(*member.private_address);
  });
  return found == members.end() ? nullptr : &*found;
}

PrefixSet Pool::private_addresses() const {
  std::vector<IpPrefix> hosts;
  for (const Member& member : members)
    if (member.private_address) hosts.push_back(IpPrefix::host(*member.private_address));
  return PrefixSet{std::move(hosts)};
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
  return find_by_name(pools, name);
}

PrefixSet Network::prefixes(const Pool* except) const {
  std::vector<IpPrefix> all;
  for (const Pool& pool : pools)
    if (&pool != except) all.insert(all.end(), pool.prefixes.begin(), pool.prefixes.end());
  return PrefixSet{std::move(all)};
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

}  // namespace raven::model
