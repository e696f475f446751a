// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/worker_watch.h"

#include <algorithm>

#include "common/base/log.h"

namespace raven::dataplane {
namespace {

double ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void WorkerWatch::look(unsigned index, const WorkerCounters& counters, Instant now) {
  Worker& worker = workers_[index];
  Worker next;
  next.seen = true;
  next.when = now;
  next.loops = counters.loops.value();
  next.cycles_busy = counters.cycles_busy.value();
  next.cycles = next.cycles_busy + counters.cycles_idle.value();
  next.packets = counters.packets.value();
  if (worker.seen) {
    const double seconds = std::chrono::duration<double>(now - worker.when).count();
    const uint64_t packets = next.packets - worker.packets;
    const uint64_t busy = next.cycles_busy - worker.cycles_busy;
    next.rates.alive = next.loops != worker.loops;
    next.rates.busy_ratio = ratio(busy, next.cycles - worker.cycles);
    next.rates.cycles_per_packet = ratio(busy, packets);
    next.rates.packets_per_second = seconds <= 0 ? 0 : static_cast<double>(packets) / seconds;
    if (worker.rates.alive && !next.rates.alive)
      log::error("worker", "worker {} does not move any more", index);
    if (!worker.rates.alive && next.rates.alive)
      log::info("worker", "worker {} moves again", index);
  }
  worker = next;
}

bool WorkerWatch::all_alive() const {
  return std::ranges::all_of(workers_, [](const Worker& worker) { return worker.rates.alive; });
}

}  // namespace raven::dataplane
