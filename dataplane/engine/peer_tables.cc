// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/peer_tables.h"

#include <fmt/format.h>

#include <set>

namespace raven::dataplane {

std::vector<ItemError> PeerTables::add_new(const Desired& state) {
  std::vector<ItemError> errors;
  for (const RemotePool& pool : state.pools) {
    if (pools_.contains(pool.name)) continue;
    const Result<PoolIndex> slot = writer_.add_pool();
    if (slot.ok()) {
      writer_.select_peer(*slot, kNoPeer);
      pools_.emplace(pool.name, *slot);
    } else {
      errors.push_back({"remote_pool " + pool.name, slot.error().message});
    }
  }
  for (const Peer& peer : state.peers) {
    const auto pool = pools_.find(peer.pool);
    const PoolIndex pool_index = pool == pools_.end() ? kNoPool : pool->second;
    const auto known = peers_.find(TunnelId{peer.tunnel});
    if (known != peers_.end()) {
      PeerRow& row = known->second;
      writer_.set_peer_pool(row.index, pool_index);
      row.name = peer.name;
      row.pool = peer.pool;
      continue;
    }
    const Result<PeerIndex> slot = writer_.add_peer(peer.tunnel, pool_index);
    if (slot.ok()) {
      tunnels_.emplace(*slot, TunnelId{peer.tunnel});
      peers_.emplace(TunnelId{peer.tunnel}, PeerRow{*slot, peer.name, peer.pool, nullptr});
    } else {
      errors.push_back({"peer " + peer.name, slot.error().message});
    }
  }
  return errors;
}

PeerTables::Old PeerTables::take_old(const Desired& state) {
  Old old;
  std::set<TunnelId> tunnels;
  for (const Peer& peer : state.peers) tunnels.insert(TunnelId{peer.tunnel});
  std::erase_if(peers_, [&](const auto& item) {
    if (tunnels.contains(item.first)) return false;
    old.peers.push_back(item.second.index);
    tunnels_.erase(item.second.index);
    return true;
  });
  std::set<std::string> pools;
  for (const RemotePool& pool : state.pools) pools.insert(pool.name);
  std::erase_if(pools_, [&](const auto& item) {
    if (pools.contains(item.first)) return false;
    old.pools.push_back(item.second);
    return true;
  });
  return old;
}

void PeerTables::free(const Old& old) {
  for (const PeerIndex peer : old.peers) writer_.remove_peer(peer);
  for (const PoolIndex pool : old.pools) writer_.remove_pool(pool);
}

const PeerTables::PeerRow* PeerTables::peer(TunnelId tunnel) const {
  const auto found = peers_.find(tunnel);
  return found == peers_.end() ? nullptr : &found->second;
}

std::string PeerTables::name_of(TunnelId tunnel) const {
  const PeerRow* row = peer(tunnel);
  return row == nullptr ? fmt::format("tunnel {:06x}", tunnel.value()) : row->name;
}

std::string PeerTables::pool_of(TunnelId tunnel) const {
  const PeerRow* row = peer(tunnel);
  return row == nullptr ? "" : row->pool;
}

PeerIndex PeerTables::peer_of(TunnelId tunnel) const {
  const PeerRow* row = peer(tunnel);
  return row == nullptr ? kNoPeer : row->index;
}

void PeerTables::publish_inbound(std::span<const SadEntry> entries) {
  writer_.publish_sad(entries);
  // A key daemon may bring many SAs between two ticks, and each leaves a whole table behind.
  writer_.reclaim();
}

void PeerTables::set_outbound(
    PeerIndex peer, std::span<OutboundSa* const> per_worker, WorkerId fallback,
    const OutboundSa* newest
) {
  const auto tunnel = tunnels_.find(peer);
  if (tunnel == tunnels_.end()) return;
  peers_.at(tunnel->second).newest = newest;
  // First the way, then who takes it.
  tunnel_moved_(tunnel->second);
  writer_.set_outbound(peer, per_worker, fallback);
}

void PeerTables::free_later(std::function<void()> disposal) {
  writer_.free_later(std::move(disposal));
}

}  // namespace raven::dataplane
