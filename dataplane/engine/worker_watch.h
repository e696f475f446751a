// WorkerWatch: is each worker alive, and how busy is it?
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.  Time is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "common/base/clock.h"
#include "dataplane/stage/counters.h"

namespace raven::dataplane {

// Of the time since the look before.
struct WorkerRates {
  bool alive = true;
  double busy_ratio = 0;
  double cycles_per_packet = 0;
  double packets_per_second = 0;
};

class WorkerWatch {
 public:
  explicit WorkerWatch(unsigned workers) : workers_(workers) {}

  // About once a second.  A worker whose loop counter did not move is not alive: it moves at least
  // ten times a second, asleep or not.
  void look(unsigned worker, const WorkerCounters& counters, Instant now);

  const WorkerRates& rates(unsigned worker) const { return workers_[worker].rates; }
  bool all_alive() const;

 private:
  struct Worker {
    WorkerRates rates;
    bool seen = false;
    Instant when{};
    uint64_t loops = 0, cycles = 0, cycles_busy = 0, packets = 0;
  };
  std::vector<Worker> workers_;
};

}  // namespace raven::dataplane
