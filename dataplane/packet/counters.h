// WorkerCounters: what one worker counts.  Written by that worker alone, read by anyone.
// SPDX-License-Identifier: Apache-2.0
//
// Conservation, for each worker and hence for the sum, whenever the worker is between two bursts:
//   received + from_inbox + generated =
//     transmitted + punted + to_kernel + dropped + handed_over + waiting
// where from_inbox = what other workers, the kernel bridge and probe senders put into its inbox.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "dataplane/packet/drop.h"
#include "dataplane/packet/ids.h"

namespace raven::dataplane {

// A counter with one writer: no locked instruction, never torn for readers.
class Counter {
 public:
  void add(uint64_t count) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  void set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct PortCounters {
  Counter received;
  Counter received_bytes;
  Counter transmitted;
  Counter transmitted_bytes;
  Counter punted;  // to the kernel: into the port's TAP, or (shared port) left to its own copy
};

inline constexpr unsigned kStagesMax = 16;

struct alignas(64) WorkerCounters {
  std::array<PortCounters, kPortsMax> ports;
  Counter from_inbox;
  Counter generated;    // ICMP errors, and fragments beyond the first
  Counter to_kernel;    // into raven0
  Counter handed_over;  // to the worker that owns the SA
  Counter waiting;      // at this moment: outer fragments whose packet is not whole yet
  std::array<Counter, kDropCount> drops;

  // Packets that entered each stage, in the order of the pipeline table.
  std::array<Counter, kStagesMax> stage_packets;

  // Time in TSC cycles: with packets, and all other.  Two counters, as the difference of two that
  // are read one after the other would not only grow.
  Counter cycles_busy;
  Counter cycles_idle;
  Counter packets;  // that ran through the pipeline, for cycles per packet
  Counter loops;    // moves as long as the worker lives, asleep or not (at least each 100 ms)

  uint64_t entered() const;  // received + from_inbox + generated
  uint64_t left() const;     // all that an equation above has on its right side
};

}  // namespace raven::dataplane
