// The control side of the tables.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/table_writer.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cassert>

namespace raven::dataplane {
namespace {

Error table_full(const char* what, unsigned size, const char* setting) {
  return {
      ErrorCode::kExhausted,
      fmt::format("all {} {} are in use: raise the setting tables.{}", size, what, setting)};
}

uint64_t random_hash_key() {
  uint64_t key = 0;
  // Cannot fail for 8 bytes once the kernel's generator is up; 0 is a valid, if known, key.
  static_cast<void>(getrandom(&key, sizeof(key), 0) == sizeof(key));
  return key;
}

}  // namespace

SlotAllocator::SlotAllocator(unsigned size) {
  assert(size < kNoIndex);
  free_.reserve(size);
  for (unsigned index = size; index-- > 0;) free_.push_back(static_cast<uint16_t>(index));
}

uint16_t SlotAllocator::take() {
  if (free_.empty()) return kNoIndex;
  const uint16_t index = free_.back();
  free_.pop_back();
  return index;
}

void SlotAllocator::give_back(uint16_t index) {
  free_.push_back(index);
}

TableWriter::TableWriter(Tables& tables, Quiescence& quiescence)
    : tables_{tables},
      quiescence_{quiescence},
      peers_{tables.peers.size()},
      pools_{tables.pools.size()},
      adjacencies_{tables.adjacencies.size()} {}

void TableWriter::publish_topology(std::unique_ptr<const Topology> topology) {
  tables_.topology.publish(std::move(topology), quiescence_);
}

void TableWriter::publish_box(std::unique_ptr<const LocalBox> box) {
  tables_.box.publish(std::move(box), quiescence_);
}

void TableWriter::publish_sad(std::span<const SadEntry> entries) {
  tables_.sad.publish(std::make_unique<const Sad>(entries, random_hash_key()), quiescence_);
}

Result<PeerIndex> TableWriter::add_peer(uint32_t tunnel_id, PoolIndex pool) {
  const PeerIndex index{peers_.take()};
  if (index == kNoPeer) return table_full("tunnels", tables_.peers.size(), "tunnels_max");
  PeerSlot& slot = tables_.peers[index];
  slot.pool.store(pool, std::memory_order_relaxed);
  slot.probe_answer.store(0, std::memory_order_relaxed);
  slot.probe_answers.store(0, std::memory_order_relaxed);
  slot.padded_answer.store(0, std::memory_order_relaxed);
  slot.sa_wanted.store(false, std::memory_order_relaxed);
  slot.tunnel_id.store(tunnel_id, std::memory_order_release);
  return index;
}

void TableWriter::remove_peer(PeerIndex peer) {
  PeerSlot& slot = tables_.peers[peer];
  slot.tunnel_id.store(0, std::memory_order_relaxed);
  slot.fallback_worker.store(kNoWorker, std::memory_order_relaxed);
  for (std::atomic<OutboundSa*>& sa : slot.outbound) sa.store(nullptr, std::memory_order_relaxed);
  slot.pool.store(kNoPool, std::memory_order_relaxed);
  slot.adjacency.store(kNoAdjacency, std::memory_order_relaxed);
  quiescence_.defer([this, peer] { peers_.give_back(peer.value()); });
}

Result<PoolIndex> TableWriter::add_pool() {
  const PoolIndex index{pools_.take()};
  if (index == kNoPool) return table_full("remote pools", tables_.pools.size(), "tunnels_max");
  return index;
}

void TableWriter::remove_pool(PoolIndex pool) {
  tables_.pools.select(pool, kNoPeer);
  quiescence_.defer([this, pool] { pools_.give_back(pool.value()); });
}

Result<AdjacencyIndex> TableWriter::add_adjacency() {
  const AdjacencyIndex index{adjacencies_.take()};
  if (index == kNoAdjacency)
    return table_full("next hops", tables_.adjacencies.size(), "adjacencies_max");
  return index;
}

void TableWriter::remove_adjacency(AdjacencyIndex adjacency) {
  tables_.adjacencies.write(adjacency, Adjacency{});
  quiescence_.defer([this, adjacency] { adjacencies_.give_back(adjacency.value()); });
}

void TableWriter::set_adjacency(AdjacencyIndex index, Adjacency adjacency) {
  tables_.adjacencies.write(index, adjacency);
}

void TableWriter::set_peer_pool(PeerIndex peer, PoolIndex pool) {
  tables_.peers[peer].pool.store(pool, std::memory_order_relaxed);
}

void TableWriter::set_peer_adjacency(PeerIndex peer, AdjacencyIndex adjacency) {
  tables_.peers[peer].adjacency.store(adjacency, std::memory_order_relaxed);
}

void TableWriter::set_peer_path_mtu(PeerIndex peer, uint16_t outer, uint16_t inner) {
  tables_.peers[peer].outer_mtu.store(outer, std::memory_order_relaxed);
  tables_.peers[peer].path_mtu.store(inner, std::memory_order_relaxed);
}

void TableWriter::set_outbound(
    PeerIndex peer, std::span<OutboundSa* const> per_worker, WorkerId fallback
) {
  assert(per_worker.size() <= kWorkersMax);
  PeerSlot& slot = tables_.peers[peer];
  for (std::size_t worker = 0; worker < kWorkersMax; ++worker) {
    OutboundSa* sa = worker < per_worker.size() ? per_worker[worker] : nullptr;
    slot.outbound[worker].store(sa, std::memory_order_release);
  }
  slot.fallback_worker.store(fallback, std::memory_order_release);
}

void TableWriter::select_peer(PoolIndex pool, PeerIndex peer) {
  tables_.pools.select(pool, peer);
}

void TableWriter::set_forwarding(bool forwarding) {
  tables_.forwarding.store(forwarding, std::memory_order_relaxed);
}

}  // namespace raven::dataplane
