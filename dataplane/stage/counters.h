// WorkerCounters: what one worker counts.  Written by that worker alone, read by anyone.
// SPDX-License-Identifier: Apache-2.0
//
// Conservation, for each worker and hence for the sum, whenever the worker is between two bursts:
//   received + from_inbox + generated =
//     transmitted + punted + to_kernel + dropped + handed_over + waiting
// where from_inbox = what other workers, the kernel bridge and probe senders put into its inbox.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/packet/counter.h"
#include "dataplane/packet/drop.h"
#include "dataplane/packet/ids.h"
#include "dataplane/stage/stages.h"

namespace raven::dataplane {

struct PortCounters {
  Counter received;
  Counter received_bytes;
  Counter transmitted;
  Counter transmitted_bytes;
  Counter punted;  // to the kernel: into the port's TAP, or (shared port) left to its own copy
};

// Drops by reason and by where they happen: the same reason may be found at several places.
// 8 KiB, of which only drops touch anything.
class DropCounters {
 public:
  void add(Stage place, Drop reason, uint64_t count = 1) { at(place)[index(reason)].add(count); }
  uint64_t value(Stage place, Drop reason) const { return at(place)[index(reason)].value(); }
  uint64_t sum(Drop reason) const;  // over all places
  uint64_t sum() const;

 private:
  using OfPlace = std::array<Counter, kDropCount>;
  static constexpr std::size_t index(Drop reason) { return static_cast<std::size_t>(reason); }
  OfPlace& at(Stage place) { return counters_[static_cast<std::size_t>(place)]; }
  const OfPlace& at(Stage place) const { return counters_[static_cast<std::size_t>(place)]; }

  std::array<OfPlace, kDropPlaceCount> counters_;
};

struct alignas(64) WorkerCounters {
  std::array<PortCounters, kPortsMax> ports;
  Counter from_inbox;
  Counter generated;    // ICMP errors, and fragments beyond the first
  Counter to_kernel;    // into raven0
  Counter handed_over;  // to the worker that owns the SA
  Counter waiting;      // at this moment: outer fragments whose packet is not whole yet

  // Packets that entered each stage, in the order of the pipeline table.
  std::array<Counter, kStageCount> stage_packets;

  // Time in TSC cycles: with packets, and all other.  Two counters, as the difference of two that
  // are read one after the other would not only grow.
  Counter cycles_busy;
  Counter cycles_idle;
  Counter packets;  // that ran through the pipeline, for cycles per packet
  Counter loops;    // moves as long as the worker lives, asleep or not (at least each 100 ms)

  DropCounters drops;

  uint64_t entered() const;  // received + from_inbox + generated
  uint64_t left() const;     // all that an equation above has on its right side
};

// Packets of all workers that were dropped at one place for one reason.
struct DropRow {
  Stage place;
  Drop reason;
  uint64_t packets;
};

// The rows that are not 0, reason by reason.
std::vector<DropRow> drop_rows(std::span<const WorkerCounters* const> workers);

}  // namespace raven::dataplane
