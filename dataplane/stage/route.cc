// route: longest prefix match on both addresses.  Who may send this, and where does it go?
// SPDX-License-Identifier: Apache-2.0
//
// In: parsed IP packets, Meta::origin.  Out: esp_out, vxlan_out, neighbour, raven0; mss (SYNs),
// fragment (what is too large), punt (plain packets that are the kernel's business), drop, ICMP
// errors into the next pass.
// Who may send what where is in judgement.h; from an address of no pool come nothing but ICMP
// errors about a flow of the two pools (flow_error.h).
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/flow_error.h"
#include "dataplane/stage/icmp_error.h"
#include "dataplane/stage/judgement.h"
#include "dataplane/stage/next_stage.h"

namespace raven::dataplane::stage {
namespace {

// The kernel's own forwarding counts the hop for what comes from or goes to raven0.
bool counts_hop(const Meta& info) {
  return info.origin != Origin::kKernel && info.origin != Origin::kSelf &&
         info.target.kind != TargetKind::kKernel;
}

// False: it was the last hop.
bool decrement_ttl(uint8_t* bytes, uint8_t family) {
  if (family == 6) [[unlikely]] {
    auto& ip = *reinterpret_cast<wire::Ipv6*>(bytes);
    if (ip.hop_limit <= 1) return false;
    --ip.hop_limit;
    return true;
  }
  auto& ip = *reinterpret_cast<wire::Ipv4*>(bytes);
  if (ip.ttl <= 1) return false;
  --ip.ttl;
  ip.checksum = checksum_after_ttl(ip.checksum);
  return true;
}

// Fills in where the target is reached.  False: dropped.
bool resolve(Context& context, rte_mbuf* packet) {
  Meta& info = meta(packet);
  switch (info.target.kind) {
    case TargetKind::kRemotePool: {
      info.peer = context.setup.tables->pools.selected(PoolIndex{info.target.index});
      if (info.peer == kNoPeer) {
        context.drop(packet, Drop::kNoPath);
        return false;
      }
      const PeerSlot& peer = context.setup.tables->peers[info.peer];
      info.mtu = peer.path_mtu.load(std::memory_order_relaxed);
      return true;
    }
    case TargetKind::kLocalNode: {
      const Node& node = context.topology->nodes[NodeIndex{info.target.index}];
      info.mtu = node.mtu;
      info.adjacency = node.adjacency;
      return true;
    }
    default:  // the kernel: an interface has no limit on what it receives
      info.mtu = UINT16_MAX;
      return true;
  }
}

// Only they announce a maximum segment size.
bool is_syn(rte_mbuf* packet, const Meta& info) {
  const auto* tcp = view_at<wire::Tcp>(bytes_of(packet), packet->data_len, info.l4_offset);
  return info.l4_offset != 0 && tcp != nullptr && (tcp->flags & wire::Tcp::kSyn) != 0;
}

void forward(Context& context, rte_mbuf* packet) {
  const Meta& info = meta(packet);
  if (counts_hop(info) && !decrement_ttl(bytes_of(packet), info.family)) [[unlikely]]
    return reject(context, packet, Drop::kTtl, IcmpError::kTimeExceeded);
  if (!resolve(context, packet)) return;
  if (info.l4_protocol == wire::kTcp && is_syn(packet, info))
    return context.to(Stage::kMss, packet);
  const bool fits = packet->data_len <= info.mtu;
  context.to(fits ? next_stage(context, info.target) : Stage::kFragment, packet);
}

// A packet that is not the usual one.
void examine(Context& context, rte_mbuf* packet, Target from) {
  const Meta& info = meta(packet);
  const Judgement judgement = judge(context, info, from, info.target);
  if (judgement.action == Judgement::Action::kForward) return forward(context, packet);
  if (judgement.action == Judgement::Action::kDrop) {
    if (judgement.reason == Drop::kSpoof && is_flow_error(context, packet, from))
      return forward(context, packet);
    return context.drop(packet, judgement.reason);
  }
  add_front(packet, sizeof(wire::Ethernet));  // as it came
  context.to(Stage::kPunt, packet);
}

void route_one(Context& context, rte_mbuf* packet) {
  Meta& info = meta(packet);
  const uint8_t* bytes = bytes_of(packet);
  const Fib& fib = context.topology->fib;
  Target from;
  if (info.family == 4) [[likely]] {
    from = fib.lookup_v4(wire::source_of(bytes, 4));
    info.target = fib.lookup_v4(wire::destination_of(bytes, 4));
  } else {
    from = fib.lookup_v6(wire::source_of(bytes, 6));
    info.target = fib.lookup_v6(wire::destination_of(bytes, 6));
  }
  if (is_usual(context, info, from, info.target)) [[likely]]
    return forward(context, packet);
  examine(context, packet, from);
}

}  // namespace

void route(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) route_one(context, packet);
}

}  // namespace raven::dataplane::stage
