// neighbour: puts the Ethernet header of the next hop in front.
// SPDX-License-Identifier: Apache-2.0
//
// In: IP packets, Meta::adjacency.  Out: transmit (Meta::port), drop.
#include <array>

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {
namespace {

// Bytes 6..13 of a header from this port, but for the type: its own MAC address.
using SourceWords = std::array<uint64_t, kPortsMax>;

SourceWords source_words(const Context& context) {
  SourceWords words;
  std::size_t i = 0;
  for (const std::unique_ptr<Port>& port : context.setup.ports)
    words[i++] = mac_word(port->mac().bytes.data());
  return words;
}

// Two overlapping words are the whole header: the first ends in bytes that the second writes.
void write_header(rte_mbuf* packet, Adjacency adjacency, uint64_t source) {
  const bool v4 = *bytes_of(packet) >> 4 == 4;
  const uint64_t type = host_to_big(v4 ? wire::kEtherIpv4 : wire::kEtherIpv6);
  const uint64_t last = source | type << 48;
  uint8_t* header = add_front(packet, sizeof(wire::Ethernet));
  std::memcpy(header, &adjacency.word, sizeof(adjacency.word));
  std::memcpy(header + 6, &last, sizeof(last));
}

}  // namespace

void neighbour(Context& context, Lane& in) {
  AdjacencyTable& adjacencies = context.setup.tables->adjacencies;
  const SourceWords sources = source_words(context);
  for (rte_mbuf* packet : in) {
    Meta& info = meta(packet);
    const Adjacency adjacency = adjacencies.read(info.adjacency);
    if (!adjacency.resolved()) [[unlikely]] {
      adjacencies.want(info.adjacency);
      context.drop(packet, Drop::kNoNeighbour);
      continue;
    }
    info.port = adjacency.port();
    write_header(packet, adjacency, sources[info.port.value()]);
    context.to(Stage::kTransmit, packet);
  }
}

}  // namespace raven::dataplane::stage
