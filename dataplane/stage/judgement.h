// Judgement: who may send what where (RFC 4301 section 5.2 steps 3 and 4).
// SPDX-License-Identifier: Apache-2.0
//
// - decrypted: the source must belong to the pool of the peer that sent it;
// - from nodes and from raven0: the source must belong to the local pool, unless a gateway box of
//   the pool passes on to the pods of this box what came out of its tunnel;
// - in clear from a port: never with an address of another pool as source, and to another pool
//   only from the LAN.
// Threading: the worker whose Context it is.
#pragma once

#include "dataplane/packet/meta.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {

// What is to become of a packet: go on, to the kernel, or dropped for a reason.
struct Judgement {
  enum class Action : uint8_t { kForward, kPunt, kDrop } action;
  Drop reason = Drop::kNoRoute;

  static constexpr Judgement forward() { return {Action::kForward}; }
  static constexpr Judgement punt() { return {Action::kPunt}; }
  static constexpr Judgement drop(Drop reason) { return {Action::kDrop, reason}; }
};

namespace internal {

// A destination that this origin may reach; the source was accepted.
inline Judgement judge_destination(Target to, bool local, bool remote) {
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

inline Judgement judge_wire(const Context& context, const Meta& info, Target from, Target to) {
  const bool lan = context.is_lan(info.port);
  if (from.kind == TargetKind::kRemotePool || from.kind == TargetKind::kDrop)
    return Judgement::drop(Drop::kClearText);
  if (to.kind == TargetKind::kNone) return Judgement::punt();
  if (!lan) return Judgement::drop(Drop::kClearText);
  if (to.is_local()) return Judgement::punt();  // inside the site: the CNI's business
  if (!from.is_local()) return Judgement::drop(Drop::kSpoof);
  return judge_destination(to, false, true);
}

// VXLAN with a source that is not of the local pool: another gateway box of it has decrypted what
// is for the pods of this one.
inline Judgement judge_passed_on(const Meta& info, Target from, Target to) {
  if (from.kind != TargetKind::kRemotePool || to.kind != TargetKind::kKernel)
    return Judgement::drop(Drop::kSpoof);
  return info.origin == Origin::kPoolGateway ? Judgement::forward()
                                             : Judgement::drop(Drop::kNotGateway);
}

}  // namespace internal

// REQUIRES: Meta::origin with Meta::port or Meta::peer as it says.
inline Judgement judge(const Context& context, const Meta& info, Target from, Target to) {
  switch (info.origin) {
    case Origin::kWire:
      return internal::judge_wire(context, info, from, to);
    case Origin::kTunnel: {
      const PeerSlot& peer = context.setup.tables->peers[info.peer];
      if (!from.is_remote(peer.pool.load(std::memory_order_relaxed)))
        return Judgement::drop(Drop::kSpoof);
      return internal::judge_destination(to, true, false);
    }
    case Origin::kPoolGateway:
    case Origin::kVxlan:
      if (!from.is_local()) [[unlikely]]
        return internal::judge_passed_on(info, from, to);
      return internal::judge_destination(to, to.kind == TargetKind::kKernel, true);
    case Origin::kKernel:
      if (!from.is_local()) return Judgement::drop(Drop::kSpoof);
      return internal::judge_destination(to, to.kind == TargetKind::kLocalNode, true);
    case Origin::kSelf:
      return internal::judge_destination(to, true, true);
  }
  return Judgement::drop(Drop::kNoRoute);
}

// What nearly every packet is: from where it should come to where it should go.  judge() would say
// the same; it has the rules, this one only saves the way through them.
inline bool is_usual(const Context& context, const Meta& info, Target from, Target to) {
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

}  // namespace raven::dataplane::stage
