// route: longest prefix match on both addresses.  Who may send this, and where does it go?
// SPDX-License-Identifier: Apache-2.0
//
// In: parsed IP packets, Meta::origin.  Out: esp_out, vxlan_out, neighbour, raven0; mss (SYNs),
// fragment (what is too large), punt (plain packets that are the kernel's business), drop, ICMP
// errors into the next pass.
// The rules (RFC 4301 section 5.2 steps 3 and 4):
// - decrypted: the source must belong to the pool of the peer that sent it;
// - from nodes and from raven0: the source must belong to the own pool, unless a gateway box of
//   the pool passes on to the pods of this box what came out of its tunnel;
// - in clear from a port: never with an address of another pool as source, and to another pool
//   only from the LAN;
// - from an address of no pool: nothing but ICMP errors about a flow of the two pools.
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/packet/wire.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/flow_error.h"
#include "dataplane/stage/icmp_error.h"
#include "dataplane/stage/next_stage.h"

namespace raven::dataplane::stage {
namespace {

// What is to become of a packet: go on, to the kernel, or dropped for a reason.
struct Judgement {
  enum class Action : uint8_t { kForward, kPunt, kDrop } action;
  Drop reason = Drop::kNoRoute;

  static constexpr Judgement forward() { return {Action::kForward}; }
  static constexpr Judgement punt() { return {Action::kPunt}; }
  static constexpr Judgement drop(Drop reason) { return {Action::kDrop, reason}; }
};

// A destination that this origin may reach; the source was accepted.
Judgement judge_destination(Target to, bool local, bool remote) {
  switch (to.kind) {
    case TargetKind::kNone:
      return Judgement::drop(Drop::kNoRoute);
    case TargetKind::kDrop:
      return Judgement::drop(Drop::kBlackhole);
    case TargetKind::kRemotePool:
      return remote ? Judgement::forward() : Judgement::drop(Drop::kHairpin);
    case TargetKind::kLocalNode:
    case TargetKind::kKernel:
      return local ? Judgement::forward() : Judgement::drop(Drop::kHairpin);
  }
  return Judgement::drop(Drop::kNoRoute);
}

Judgement judge_wire(const Context& context, const Meta& info, Target from, Target to) {
  const bool lan = context.is_lan(info.port);
  if (from.kind == TargetKind::kRemotePool || from.kind == TargetKind::kDrop)
    return Judgement::drop(Drop::kClearText);
  if (to.kind == TargetKind::kNone) return Judgement::punt();
  if (!lan) return Judgement::drop(Drop::kClearText);
  if (to.is_local()) return Judgement::punt();  // inside the site: the CNI's business
  if (!from.is_local()) return Judgement::drop(Drop::kSpoof);
  return judge_destination(to, false, true);
}

// VXLAN with a source that is not of the own pool: another gateway box of it has decrypted what is
// for the pods of this one.
Judgement judge_passed_on(const Meta& info, Target from, Target to) {
  if (from.kind != TargetKind::kRemotePool || to.kind != TargetKind::kKernel)
    return Judgement::drop(Drop::kSpoof);
  return info.origin == Origin::kPoolGateway ? Judgement::forward()
                                             : Judgement::drop(Drop::kNotGateway);
}

Judgement judge(const Context& context, const Meta& info, Target from, Target to) {
  switch (info.origin) {
    case Origin::kWire:
      return judge_wire(context, info, from, to);
    case Origin::kTunnel: {
      const PeerSlot& peer = context.setup.tables->peers[info.peer];
      if (!from.is_remote(peer.pool.load(std::memory_order_relaxed)))
        return Judgement::drop(Drop::kSpoof);
      return judge_destination(to, true, false);
    }
    case Origin::kPoolGateway:
    case Origin::kVxlan:
      if (!from.is_local()) [[unlikely]]
        return judge_passed_on(info, from, to);
      return judge_destination(to, to.kind == TargetKind::kKernel, true);
    case Origin::kKernel:
      if (!from.is_local()) return Judgement::drop(Drop::kSpoof);
      return judge_destination(to, to.kind == TargetKind::kLocalNode, true);
    case Origin::kSelf:
      return judge_destination(to, true, true);
  }
  return Judgement::drop(Drop::kNoRoute);
}

// What nearly every packet is: from where it should come to where it should go.  judge() would say
// the same; it has the rules, this one only saves the way through them.
bool is_usual(const Context& context, const Meta& info, Target from, Target to) {
  switch (info.origin) {
    case Origin::kTunnel: {
      const PeerSlot& peer = context.setup.tables->peers[info.peer];
      return from.is_remote(peer.pool.load(std::memory_order_relaxed)) && to.is_local();
    }
    case Origin::kWire:
      return from.is_local() && to.kind == TargetKind::kRemotePool && context.is_lan(info.port);
    case Origin::kVxlan:
      return from.is_local() && to.kind == TargetKind::kRemotePool;
    default:
      return false;
  }
}

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
