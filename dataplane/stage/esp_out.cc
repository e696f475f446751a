// esp_out: encrypts a burst.  What cannot be encrypted is dropped, never sent in clear.
// SPDX-License-Identifier: Apache-2.0
//
// In: IP packets that fit their path, Meta::peer.  Out: neighbour (outer IP packets), the mailbox
// of the worker that has an SA for the peer, drop.
#include "dataplane/ipsec/esp_out.h"

#include <algorithm>

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"
#include "dataplane/port/packet_pool.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/tfc.h"

namespace raven::dataplane::stage {

static_assert(kEspHeadroomMax + sizeof(wire::Ethernet) <= kHeadroom);
static_assert(kEspTailroomMax <= kTailroom);

namespace {

void without_own_sa(Context& context, rte_mbuf* packet, PeerSlot& peer) {
  const WorkerId owner = peer.fallback_worker.load(std::memory_order_acquire);
  if (owner != kNoWorker && owner != context.setup.worker) {
    meta(packet).tunnel_id = peer.tunnel_id.load(std::memory_order_relaxed);
    return context.hand_over(packet, owner, Entry::kEspOut);
  }
  peer.sa_wanted.store(true, std::memory_order_relaxed);
  context.drop(packet, Drop::kNoSa);
}

// True if the packet has a place in the burst; else it went to a lane.
bool prepare(Context& context, PeerTable& peers, WorkerId worker, rte_mbuf* packet) {
  Meta& info = meta(packet);
  PeerSlot& peer = peers[info.peer];
  OutboundSa* sa = peer.outbound[worker.value()].load(std::memory_order_acquire);
  if (sa == nullptr) [[unlikely]] {
    without_own_sa(context, packet, peer);
    return false;
  }
  // Padded probes measure the path: more padding would have them measure something else, and keep
  // small ones from coming back.
  if (sa->tfc_size() != 0 && info.origin != Origin::kSelf) [[unlikely]]
    pad_for_tfc(packet, std::min<uint32_t>(sa->tfc_size(), peer.path_mtu.load()));
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

void drop_failed(Context& context, Lane& prepared, uint64_t failed) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < prepared.count; ++i) {
    if ((failed >> i & 1) != 0)
      context.drop(prepared.packets[i], EspVerdict::kCipher);
    else
      prepared.packets[kept++] = prepared.packets[i];
  }
  prepared.count = kept;
}

}  // namespace

void esp_out(Context& context, Lane& in) {
  Lane& out = context.lane(Stage::kNeighbour);
  const uint32_t before = out.count;
  uint32_t count = before;
  PeerTable& peers = context.setup.tables->peers;
  const WorkerId worker = context.setup.worker;
  for (rte_mbuf* packet : in)
    if (prepare(context, peers, worker, packet)) out.packets[count++] = packet;
  if (count == before) return;
  out.count = count;
  const uint64_t failed = context.esp_out.run();
  if (failed != 0) [[unlikely]]
    drop_failed(context, out, failed << before);
}

}  // namespace raven::dataplane::stage
