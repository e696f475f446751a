// Context: what the stages of one worker work with.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: belongs to one worker.  What it points to is shared as its own header says.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/ipsec/esp_in.h"
#include "dataplane/ipsec/esp_out.h"
#include "dataplane/packet/lane.h"
#include "dataplane/packet/meta.h"
#include "dataplane/port/mailbox.h"
#include "dataplane/port/packet_pool.h"
#include "dataplane/port/port.h"
#include "dataplane/stage/counters.h"
#include "dataplane/stage/icmp_limit.h"
#include "dataplane/stage/moved_peers.h"
#include "dataplane/stage/reassembly.h"
#include "dataplane/stage/stages.h"
#include "dataplane/stage/too_big.h"
#include "dataplane/table/tables.h"

namespace raven::dataplane {

class Inspection;

// What a worker is given once, before it runs.
struct ContextSetup {
  WorkerId worker;
  uint16_t worker_count = 1;
  Tables* tables = nullptr;
  PacketPool* pool = nullptr;
  CipherLibrary* cipher_library = nullptr;       // this worker's own
  std::span<const std::unique_ptr<Port>> ports;  // by PortIndex
  std::span<Mailbox* const> mailboxes;           // of all workers, by WorkerId
  Mailbox* kernel = nullptr;                     // of the kernel bridge
  // The trace and capture that run; null inside: none.
  const Published<Inspection>* inspection = nullptr;
};

struct Context {
  explicit Context(const ContextSetup& given);

  // Loads what control has published.  Once per loop, before any stage, after a quiescent point.
  void load_tables();

  Lane& lane(Stage stage) { return lanes[static_cast<std::size_t>(stage)]; }
  // These are for stages: `running` is where the packet comes from.
  void to(Stage stage, rte_mbuf* packet) {
#ifdef RAVEN_CHECK_PACKET_PATH
    assert(running->leads_to(stage));
#endif
    lane(stage).push(packet);
  }
  // No reason, no drop.
  void drop(rte_mbuf* packet, Drop reason) {
    count_drop(packet, reason);
    to(Stage::kDrop, packet);
  }
  void drop(rte_mbuf* packet, EspVerdict verdict) {
    drop(packet, drop_of(verdict));
  }
  // A packet that goes no further while its buffer is used again (for an ICMP error).
  void count_reused(rte_mbuf* packet, Drop reason) {
    count_drop(packet, reason);
    counters.generated.add(1);
  }
  // How many packets the lanes behind `stage` still take, the ends included.
  uint32_t room_behind(Stage stage) const {
    uint32_t room = kBurst;
    for (std::size_t i = static_cast<std::size_t>(stage) + 1; i < kStageCount; ++i)
      room -= lanes[i].count;
    return room;
  }
  // To the worker that owns the SA, which takes it up at `entry`.
  void hand_over(rte_mbuf* packet, WorkerId owner, Entry entry);

  const ContextSetup setup;
  const uint32_t lan_ports;           // bit p: port p
  const StageRow* running = nullptr;  // the row whose stage runs, or ran last
  EspIn esp_in;
  EspOut esp_out;

  // Valid until the next quiescent point.
  const Topology* topology = nullptr;
  const Sad* sad = nullptr;
  const LocalBox* box = nullptr;
  const Inspection* inspection = nullptr;  // null: no trace or capture runs

  // Is the port one on which nodes of the local pool are?
  bool is_lan(PortIndex port) const {
    return (lan_ports >> port.value() & 1) != 0;
  }

  Port* receive_port = nullptr;  // where the packets in the lane of classify came in
  std::array<Lane, kStageCount> lanes;
  // For the next pass over the pipeline, see pipeline.h.
  Lane held_for_route;                     // ICMP errors of our own
  Lane held_for_fragment;                  // would have exceeded a burst
  std::array<Lane, kPortsMax> port_lanes;  // transmit sorts by port

  Reassembly reassembly;
  IcmpLimit icmp_limit;
  MovedPeers moved_peers;
  TooBigs too_bigs;

  WorkerCounters counters;

 private:
  void count_drop(rte_mbuf* packet, Drop reason) {
    meta(packet).drop = reason;
    counters.drops.add(running->stage, reason);
  }
};

}  // namespace raven::dataplane
