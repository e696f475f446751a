// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/peer_tables.h"

#include <algorithm>

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
      writer_.set_peer_pool(known->second.index, pool_index);
      known->second.pool = pool_index;
      continue;
    }
    const Result<PeerIndex> slot = writer_.add_peer(peer.tunnel, pool_index);
    if (slot.ok()) {
      peers_.emplace(TunnelId{peer.tunnel}, PeerRow{*slot, pool_index, nullptr});
    } else {
      errors.push_back({"peer " + peer.name, slot.error().message});
    }
  }
  return errors;
}

void PeerTables::remove_old(const Desired& state) {
  std::erase_if(peers_, [&](const auto& item) {
    const auto same = [&item](const Peer& peer) { return TunnelId{peer.tunnel} == item.first; };
    if (std::ranges::any_of(state.peers, same)) return false;
    writer_.remove_peer(item.second.index);
    return true;
  });
  std::erase_if(pools_, [&](const auto& item) {
    const auto same = [&item](const RemotePool& pool) { return pool.name == item.first; };
    if (std::ranges::any_of(state.pools, same)) return false;
    writer_.remove_pool(item.second);
    return true;
  });
}

const PeerTables::PeerRow* PeerTables::peer(TunnelId tunnel) const {
  const auto found = peers_.find(tunnel);
  return found == peers_.end() ? nullptr : &found->second;
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
  for (auto& [tunnel, row] : peers_) {
    if (row.index != peer) continue;
    row.newest = newest;
    // First the way, then who takes it.
    tunnel_moved_(tunnel);
    writer_.set_outbound(peer, per_worker, fallback);
  }
}

void PeerTables::free_later(std::function<void()> disposal) {
  writer_.free_later(std::move(disposal));
}

}  // namespace raven::dataplane
