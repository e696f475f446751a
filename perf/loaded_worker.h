// LoadedWorker: a worker in its own thread, under full load from feeders of its own.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one control thread; the worker's thread runs the feeders.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "dataplane/worker/worker.h"
#include "perf/bench_box.h"
#include "perf/generator/feeder.h"

namespace raven::perf {

class LoadedWorker {
 public:
  enum class Load : uint8_t {
    kNone,     // sleeps
    kServe,    // nothing of its own: polls for what others hand over
    kEncrypt,  // for its own SAs
    kForeign,  // ESP for the SAs of the next worker
  };
  // What the worker itself counted.
  struct Busy {
    uint64_t cycles, packets;
    double per_packet_since(const Busy& before) const {
      return static_cast<double>(cycles - before.cycles) /
             static_cast<double>(packets - before.packets);
    }
  };

  // All must outlive it.
  static Result<std::unique_ptr<LoadedWorker>> create(
      BenchBox& box, const RingPorts& ports, const Tunnels& tunnels, unsigned worker
  );
  ~LoadedWorker();  // stops the thread

  Status start(unsigned lcore);
  void begin(Load load, uint16_t size);
  void end();  // returns when the last round is over

  // Of the rounds between begin() and end(), those that no neighbour disturbed if there were any.
  double median_cycles() const;
  Busy busy() const;
  // The longest time between two looks at the port within a round, in TSC cycles, since the last
  // call.
  uint64_t take_longest_gap() { return longest_gap_.exchange(0); }

 private:
  explicit LoadedWorker(BenchBox& box) : box_{box} {}
  Status make_feeders(const RingPorts& ports, const Tunnels& tunnels, unsigned worker);
  void on_idle(Feeder& feeder, Load load);
  static uint16_t on_poll(
      uint16_t port, uint16_t queue, rte_mbuf** packets, uint16_t count, uint16_t room, void* self
  );

  BenchBox& box_;
  std::unique_ptr<dataplane::Worker> worker_;
  std::unique_ptr<Feeder> own_, foreign_;
  unsigned lcore_ = 0;
  std::atomic<Load> wanted_{Load::kNone};  // worker: ro   control: wo
  std::atomic<Load> seen_{Load::kNone};    // worker: wo, between rounds   control: ro
  std::atomic<uint64_t> longest_gap_{0};   // worker: raises it   control: clears it
  Sizes sizes_ = {64};                     // worker while wanted_ is not kNone, else control
  std::vector<Round> rounds_;              // as sizes_
  // Worker.
  Feeder* running_ = nullptr;
  uint64_t polled_tsc_ = 0;  // 0: not in this round yet
};

}  // namespace raven::perf
