// Context: set-up and what several stages need.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/context.h"

#include <rte_cycles.h>
#include <rte_random.h>

#include <algorithm>

namespace raven::dataplane {
namespace {

// Of each worker; all workers together hold no more than an eighth of the buffers.
constexpr unsigned kFragmentsMax = 512;

unsigned fragments_max(const ContextSetup& setup) {
  return std::min(kFragmentsMax, setup.pool->size() / 8 / setup.worker_count);
}

uint32_t lan_port_bits(const ContextSetup& setup) {
  uint32_t bits = 0;
  for (const std::unique_ptr<Port>& port : setup.ports)
    if (port->has_lan_role()) bits |= 1u << port->index().value();
  return bits;
}

}  // namespace

Context::Context(const ContextSetup& given)
    : setup{given},
      lan_ports{lan_port_bits(given)},
      esp_in{*given.cipher_library},
      esp_out{*given.cipher_library, given.worker, given.worker_count},
      reassembly{fragments_max(given), rte_get_tsc_hz(), rte_rand()},
      icmp_limit{given.worker_count, rte_get_tsc_hz()} {}

void Context::load_tables() {
  topology = setup.tables->topology.read();
  sad = setup.tables->sad.read();
  box = setup.tables->box.read();
  if (setup.inspection != nullptr) inspection = setup.inspection->read();
}

void Context::hand_over(rte_mbuf* packet, WorkerId owner, Entry entry) {
  meta(packet).entry = entry;
  if (owner.value() < setup.mailboxes.size() && setup.mailboxes[owner.value()]->send(packet)) {
    counters.handed_over.add(1);
    return;
  }
  drop(packet, Drop::kHandoverFull);
}

}  // namespace raven::dataplane
