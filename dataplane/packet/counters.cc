// The two sides of packet conservation.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/counters.h"

namespace raven::dataplane {

uint64_t WorkerCounters::entered() const {
  uint64_t sum = from_inbox.value() + generated.value();
  for (const PortCounters& port : ports) sum += port.received.value();
  return sum;
}

uint64_t WorkerCounters::left() const {
  uint64_t sum = to_kernel.value() + handed_over.value() + waiting.value();
  for (const PortCounters& port : ports) sum += port.transmitted.value() + port.punted.value();
  for (const Counter& drop : drops) sum += drop.value();
  return sum;
}

}  // namespace raven::dataplane
