// esp_out: encrypts a burst.  What cannot be encrypted is dropped, never sent in clear.
// SPDX-License-Identifier: Apache-2.0
//
// In: IP packets, Meta::peer.  Out: neighbour (outer IP packet), the mailbox of the worker that has
// an SA for the peer, drop.
#include "dataplane/ipsec/esp_out.h"

#include "dataplane/packet/mbuf.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {
namespace {

void without_own_sa(Context& context, rte_mbuf* packet, PeerSlot& peer) {
  const WorkerId owner = peer.fallback_worker.load(std::memory_order_acquire);
  if (owner != kNoWorker && owner != context.setup.worker)
    return context.hand_over(packet, owner, Entry::kEspOut);
  peer.sa_wanted.store(true, std::memory_order_relaxed);
  context.drop(packet, Drop::kNoSa);
}

// True if the packet has a place in the burst; else it went to a lane.
bool prepare(Context& context, rte_mbuf* packet) {
  Meta& info = meta(packet);
  PeerSlot& peer = context.setup.tables->peers[info.peer];
  OutboundSa* sa = peer.outbound[context.setup.worker.value()].load(std::memory_order_acquire);
  if (sa == nullptr) [[unlikely]] {
    without_own_sa(context, packet, peer);
    return false;
  }
  const EspOutResult result = context.esp_out.prepare(
      *sa, {bytes_of(packet), packet->data_len, rte_pktmbuf_headroom(packet),
            rte_pktmbuf_tailroom(packet)}
  );
  if (result.verdict != EspVerdict::kOk) [[unlikely]] {
    context.drop(packet, result.verdict);
    return false;
  }
  place(packet, result.data, result.size);
  info.adjacency = peer.adjacency.load(std::memory_order_relaxed);
  return true;
}

}  // namespace

void esp_out(Context& context, Lane& in) {
  std::array<rte_mbuf*, kBurst> prepared;
  std::size_t count = 0;
  for (rte_mbuf* packet : in)
    if (prepare(context, packet)) prepared[count++] = packet;
  if (count == 0) return;
  const uint64_t failed = context.esp_out.run();
  for (std::size_t i = 0; i < count; ++i) {
    if ((failed >> i & 1) != 0) [[unlikely]]
      context.drop(prepared[i], EspVerdict::kCipher);
    else
      context.to(Stage::kNeighbour, prepared[i]);
  }
}

}  // namespace raven::dataplane::stage
