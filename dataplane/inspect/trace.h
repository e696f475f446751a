// Trace: the life of the next packets that match a filter, stage by stage, to its end.
// SPDX-License-Identifier: Apache-2.0
//
// While a trace runs, each packet that enters the pipeline is given a Story, in which every stage
// leaves a step; at the packet's end its story is told (put into the ring of that worker) if the
// filter matched anywhere on the way, else forgotten.  A packet that is handed to another worker
// takes its story along: Meta::trace_* says which one it is.
//
// Threading: a Story belongs to the worker that has its packet.  Rings: written by their worker,
// read by control.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "dataplane/inspect/filter.h"
#include "dataplane/inspect/record_ring.h"
#include "dataplane/inspect/stage_run.h"
#include "dataplane/packet/counter.h"

namespace raven::dataplane {

// How a packet left a stage.
enum class Way : uint8_t {
  kNext,        // to Step::next
  kHeld,        // to Step::next, in another pass
  kAnswered,    // dropped for Step::drop; its buffer goes on as the ICMP error about it
  kHandedOver,  // to Step::next_worker
  kSent,        // out by Step::port
  kToKernel,    // into raven0
  kPunted,      // left to the kernel
  kDropped,     // for Step::drop
  kWaits,       // a fragment, until its packet is whole (by this worker or the one that collects)
};

// One stage in the life of a packet.  Indices are kNoIndex where the stage did not decide them.
struct Step {
  uint64_t tsc = 0;
  Stage stage = Stage::kClassify;
  Way way = Way::kNext;
  Stage next = Stage::kClassify;
  std::optional<Drop> drop;
  WorkerId worker{0};
  WorkerId next_worker = kNoWorker;
  PortIndex port{kNoIndex};
  PeerIndex peer = kNoPeer;
  AdjacencyIndex adjacency = kNoAdjacency;
  Target target;
  uint16_t mtu = 0;
  // As the packet came into the stage.
  uint32_t size = 0;
  Layer layer = Layer::kIp;
  uint8_t byte_count = 0;
  std::array<uint8_t, 64> bytes;
  Headers headers;
};

struct Story {
  static constexpr unsigned kStepsMax = 20;
  uint64_t id = 0;
  uint64_t parent_id = 0;          // the packet of which this is a fragment; 0: none
  PortIndex ingress{kNoIndex};     // kRaven0Port: of the box itself
  Entry entry = Entry::kKernelIp;  // if it came out of the mailbox
  bool from_mailbox = false;
  bool reassembled = false;  // put together from fragments
  Filter::Bits seen = 0;     // conditions that held so far
  uint8_t step_count = 0;
  uint8_t steps_lost = 0;
  std::array<Step, kStepsMax> steps;  // the first step_count are valid

  void begin(uint64_t number);
  Step* add_step();  // nullptr: full
};

class Trace {
 public:
  // Ends by itself after `packets` stories.
  Trace(const Filter& filter, uint64_t packets, unsigned workers);

  // Worker: around each stage.
  void before(const Context& context, const StageRun& run);
  void after(const Context& context, const StageRun& run);

  // Control.  False: no further story now.
  bool read(Story& story);
  bool done() const { return left_.load(std::memory_order_relaxed) <= 0; }
  // Packets that could not be followed, or whose story did not fit into the ring.
  uint64_t lost() const;
  uint64_t followed() const;  // stories begun, told or not

 private:
  struct Slot {
    std::atomic<bool> taken{false};
    Story story;
  };
  // What one worker works with.
  struct alignas(64) Desk {
    explicit Desk(unsigned number);
    RecordRing ring;
    uint64_t next_id;
    uint32_t cursor = 0;
    Counter lost;
    Counter followed;
    std::array<Slot*, kBurst> open;  // of the packets of the present stage; nullptr: not followed
    std::array<Step*, kBurst> steps;
  };

  Slot* slot_of(Desk& desk, const Context& context, const StageRun& run, rte_mbuf* packet);
  Slot* known_slot(const Meta& info);
  Slot* begin(Desk& desk, const Context& context, const StageRun& run, rte_mbuf* packet);
  Slot* take_slot(Desk& desk, const Context& context, rte_mbuf* packet);
  Step* record(const Context& context, const StageRun& run, rte_mbuf* packet, Story& story);
  void follow(Desk& desk, const StageRun& run, std::size_t i);
  void begin_made(
      Desk& desk, const Context& context, const StageRun& run, const StageRun::Made& made
  );
  void mark(rte_mbuf* packet, const Slot* slot) const;  // nullptr: none
  void end(Desk& desk, Slot& slot);
  static bool tell(Desk& desk, const Story& story);

  const Filter filter_;
  const uint32_t session_;
  std::atomic<int64_t> left_;  // stories still to be told
  std::deque<Desk> desks_;     // by WorkerId
  std::vector<Slot> slots_;
};

}  // namespace raven::dataplane
