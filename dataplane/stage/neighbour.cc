// neighbour: puts the Ethernet header of the next hop in front.
// SPDX-License-Identifier: Apache-2.0
//
// In: IP packets, Meta::adjacency.  Out: transmit (Meta::port), drop.
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {

void neighbour(Context& context, Lane& in) {
  AdjacencyTable& adjacencies = context.setup.tables->adjacencies;
  for (rte_mbuf* packet : in) {
    Meta& info = meta(packet);
    const Adjacency adjacency = adjacencies.read(info.adjacency);
    if (!adjacency.resolved()) [[unlikely]] {
      adjacencies.want(info.adjacency);
      context.drop(packet, Drop::kNoNeighbour);
      continue;
    }
    info.port = adjacency.port();
    const bool v4 = *bytes_of(packet) >> 4 == 4;
    uint8_t* bytes = add_front(packet, sizeof(wire::Ethernet));
    auto& ethernet = *reinterpret_cast<wire::Ethernet*>(bytes);
    std::memcpy(ethernet.destination, &adjacency.word, 6);
    const MacAddress& own = context.setup.ports[info.port.value()]->mac();
    std::memcpy(ethernet.source, own.bytes.data(), 6);
    ethernet.type = Be16::from_host(v4 ? wire::kEtherIpv4 : wire::kEtherIpv6);
    context.to(Stage::kTransmit, packet);
  }
}

}  // namespace raven::dataplane::stage
