// The ends of the packet path: transmit, raven0, punt, drop.  Only here packets are given away or
// freed.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "dataplane/packet/mbuf.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {
namespace {

void send(Context& context, Port& port, Lane& lane) {
  uint64_t bytes = 0;
  for (const rte_mbuf* packet : lane) bytes += packet->pkt_len;
  const uint16_t sent =
      port.transmit(context.setup.worker.value(), lane.begin(), static_cast<uint16_t>(lane.count));
  for (uint32_t i = sent; i < lane.count; ++i) {
    bytes -= lane.packets[i]->pkt_len;
    context.drop(lane.packets[i], Drop::kTxFull);
  }
  PortCounters& counters = context.counters.ports[port.index().value()];
  counters.transmitted.add(sent);
  counters.transmitted_bytes.add(bytes);
}

bool all_to_one_port(Lane& lane) {
  const PortIndex first = meta(lane.packets[0]).port;
  return std::all_of(lane.begin(), lane.end(), [first](rte_mbuf* packet) {
    return meta(packet).port == first;
  });
}

void send_by_port(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) context.port_lanes[meta(packet).port.value()].push(packet);
  for (const std::unique_ptr<Port>& port : context.setup.ports) {
    Lane& lane = context.port_lanes[port->index().value()];
    if (lane.empty()) continue;
    send(context, *port, lane);
    lane.clear();
  }
}

}  // namespace

// In: complete frames, Meta::port.
void transmit(Context& context, Lane& in) {
  if (all_to_one_port(in)) [[likely]]
    return send(context, *context.setup.ports[meta(in.packets[0]).port.value()], in);
  send_by_port(context, in);
}

// In: IP packets for the kernel's pod interface.
void raven0(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) {
    meta(packet).port = kRaven0Port;
    if (context.setup.kernel->send(packet))
      context.counters.to_kernel.add(1);
    else
      context.drop(packet, Drop::kPuntFull);
  }
}

// In: frames as they came.  The kernel has its own copy of what a shared port receives.
void punt(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) {
    const PortIndex index = meta(packet).port;
    const bool shared = context.setup.ports[index.value()]->is_shared();
    if (shared)
      rte_pktmbuf_free(packet);
    else if (!context.setup.kernel->send(packet)) {
      context.drop(packet, Drop::kPuntFull);
      continue;
    }
    context.counters.ports[index.value()].punted.add(1);
  }
}

// In: packets whose reason is counted.
void drop(Context&, Lane& in) {
  rte_pktmbuf_free_bulk(in.begin(), in.count);
}

}  // namespace raven::dataplane::stage
