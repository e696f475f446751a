// Sums of counters, and the two sides of packet conservation.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/counters.h"

namespace raven::dataplane {

uint64_t DropCounters::sum(Drop reason) const {
  uint64_t sum = 0;
  for (const OfPlace& counters : counters_) sum += counters[index(reason)].value();
  return sum;
}

uint64_t DropCounters::sum() const {
  uint64_t sum = 0;
  for (const OfPlace& counters : counters_)
    for (const Counter& counter : counters) sum += counter.value();
  return sum;
}

uint64_t WorkerCounters::entered() const {
  uint64_t sum = from_inbox.value() + generated.value();
  for (const PortCounters& port : ports) sum += port.received.value();
  return sum;
}

uint64_t WorkerCounters::left() const {
  uint64_t sum = to_kernel.value() + handed_over.value() + waiting.value() + drops.sum();
  for (const PortCounters& port : ports) sum += port.transmitted.value() + port.punted.value();
  return sum;
}

std::vector<DropRow> drop_rows(std::span<const WorkerCounters* const> workers) {
  std::vector<DropRow> rows;
  for (std::size_t i = 0; i < kDropCount; ++i) {
    for (std::size_t k = 0; k < kDropPlaceCount; ++k) {
      DropRow row{static_cast<Stage>(k), static_cast<Drop>(i), 0};
      for (const WorkerCounters* counters : workers)
        row.packets += counters->drops.value(row.place, row.reason);
      if (row.packets != 0) rows.push_back(row);
    }
  }
  return rows;
}

}  // namespace raven::dataplane
