// PeerTable and PoolTable: the tunnels of this box and, per remote pool, the one in use.
// SPDX-License-Identifier: Apache-2.0
//
// Fixed arrays of slots with atomic fields: a path change is one store, seen by the next packet.
// Control gives out slots and reuses one only after every worker has passed a quiescent point
// (TableWriter), so an index found in a table is always of the slot that was meant.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "dataplane/packet/ids.h"

namespace raven::dataplane {

class OutboundSa;

// The last probe answer of a tunnel, in one word.
struct ProbeAnswer {
  uint32_t sequence = 0;  // of the request
  uint32_t rtt_us = 0;

  uint64_t packed() const { return static_cast<uint64_t>(sequence) << 32 | rtt_us; }
  static ProbeAnswer unpack(uint64_t word) {
    return {static_cast<uint32_t>(word >> 32), static_cast<uint32_t>(word)};
  }
};

// What workers write lies in a line of its own.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): on purpose
struct alignas(64) PeerSlot {
  // worker: ro   control: wo
  std::atomic<uint32_t> tunnel_id{0};  // 0: free
  std::atomic<PoolIndex> pool{kNoPool};
  std::atomic<AdjacencyIndex> adjacency{kNoAdjacency};  // next hop towards the outer destination
  std::atomic<uint16_t> path_mtu{1400};                 // largest inner packet, bytes
  std::atomic<uint16_t> outer_mtu{1500};                // largest outer packet, bytes
  // A worker with an outbound SA: sends for those without one of their own (fewer CHILD_SAs than
  // workers), and the probes; kNoWorker: the tunnel has none.
  std::atomic<WorkerId> fallback_worker{kNoWorker};
  // Of worker w, which alone advances its sequence number.  nullptr: hand over to the fallback.
  alignas(64) std::array<std::atomic<OutboundSa*>, kWorkersMax> outbound{};

  // worker: wo   control: ro
  alignas(64) std::atomic<uint64_t> probe_answer{0};  // ProbeAnswer; any worker, the newest wins
  std::atomic<uint64_t> probe_answers{0};
  // Bytes: largest padded probe answered; control clears it.
  std::atomic<uint32_t> padded_answer{0};
  std::atomic<bool> sa_wanted{false};  // traffic met a tunnel without an outbound SA
};

class PeerTable {
 public:
  explicit PeerTable(unsigned size) : size_{size}, slots_{new PeerSlot[size]} {}
  unsigned size() const { return size_; }
  // REQUIRES: index < size().
  PeerSlot& operator[](PeerIndex index) { return slots_[index.value()]; }
  const PeerSlot& operator[](PeerIndex index) const { return slots_[index.value()]; }

 private:
  unsigned size_;
  std::unique_ptr<PeerSlot[]> slots_;
};

class PoolTable {
 public:
  explicit PoolTable(unsigned size) : size_{size}, selected_{new std::atomic<PeerIndex>[size]} {
    for (unsigned i = 0; i < size; ++i) selected_[i].store(kNoPeer, std::memory_order_relaxed);
  }
  unsigned size() const { return size_; }
  // The peer in use, kNoPeer: none answers (drop no_path).  REQUIRES: pool < size().
  PeerIndex selected(PoolIndex pool) const {
    return selected_[pool.value()].load(std::memory_order_relaxed);
  }
  void select(PoolIndex pool, PeerIndex peer) {  // control
    selected_[pool.value()].store(peer, std::memory_order_relaxed);
  }

 private:
  unsigned size_;
  std::unique_ptr<std::atomic<PeerIndex>[]> selected_;
};

}  // namespace raven::dataplane
