// TableWriter: the control side of Tables.  Gives out slots, publishes, frees when it is safe.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one control thread, or callers under one lock.  Nothing here waits for a worker;
// call reclaim() regularly (once per control loop) to run what has become safe.
//
// Order that keeps workers safe: put the new in, switch to it, take the old out, then free_later().
// What takes part in that order is virtual, so that a test of the caller can see it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "common/base/result.h"
#include "dataplane/table/tables.h"

namespace raven::dataplane {

// Gives out 0..size-1; an index comes back through Quiescence before it is given out again.
class SlotAllocator {
 public:
  explicit SlotAllocator(unsigned size);
  // kNoIndex: none free.
  uint16_t take();
  void give_back(uint16_t index);

 private:
  std::vector<uint16_t> free_;
};

class TableWriter {
 public:
  TableWriter(Tables& tables, Quiescence& quiescence);
  // Runs what is still to be freed.  REQUIRES: no worker is online, or all still loop.
  virtual ~TableWriter() { quiescence_.synchronize(); }
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  // Whole replacements.
  virtual void publish_topology(std::unique_ptr<const Topology> topology);
  void publish_box(std::unique_ptr<const LocalBox> box);
  // REQUIRES: SPIs >= 256, unique.  An SA that is no longer listed may be freed by free_later().
  virtual void publish_sad(std::span<const SadEntry> entries);

  // Slots.  remove_* takes the slot out at once and makes it available again when no worker can
  // still hold its index; the caller publishes a topology without it first.
  virtual Result<PeerIndex> add_peer(uint32_t tunnel_id, PoolIndex pool);
  virtual void remove_peer(PeerIndex peer);
  virtual Result<PoolIndex> add_pool();
  virtual void remove_pool(PoolIndex pool);
  Result<AdjacencyIndex> add_adjacency();
  void remove_adjacency(AdjacencyIndex adjacency);

  // Fields of slots: one store each, seen by the next packet.
  void set_adjacency(AdjacencyIndex index, Adjacency adjacency);
  void set_peer_pool(PeerIndex peer, PoolIndex pool);
  void set_peer_adjacency(PeerIndex peer, AdjacencyIndex adjacency);
  // Bytes: the largest outer packet, and the largest inner packet in it.
  void set_peer_path_mtu(PeerIndex peer, uint16_t outer, uint16_t inner);
  // `per_worker[w]` is the SA that worker w sends with, nullptr: it hands over to `fallback`.
  // REQUIRES: no SA appears twice (an outbound SA has one owner).
  virtual void set_outbound(
      PeerIndex peer, std::span<OutboundSa* const> per_worker, WorkerId fallback
  );
  virtual void select_peer(PoolIndex pool, PeerIndex peer);
  void set_forwarding(bool forwarding);

  // Disposal of what was taken out of the tables (SAs, their keys).
  void free_later(std::function<void()> disposal) { quiescence_.defer(std::move(disposal)); }
  std::size_t reclaim() { return quiescence_.reclaim(); }

 private:
  Tables& tables_;
  Quiescence& quiescence_;
  SlotAllocator peers_;
  SlotAllocator pools_;
  SlotAllocator adjacencies_;
};

}  // namespace raven::dataplane
