// inbox: packets of the worker's mailbox.  Each knows where it goes on.
// SPDX-License-Identifier: Apache-2.0
//
// In: Meta::entry.  Out: esp_in, fragment, esp_out, reassemble, route, transmit, drop.
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/stage/context.h"
#include "dataplane/stage/enter_route.h"

namespace raven::dataplane::stage {
namespace {

constexpr unsigned kVlanTagsMax = 2;

bool is_vlan(uint16_t type) {
  return type == wire::kEtherVlan || type == wire::kEtherServiceVlan;
}

// Where the payload of a frame begins, and what it is, behind its VLAN tags.
struct Payload {
  uint16_t type;
  unsigned offset;
};

Payload payload_of(const uint8_t* bytes, unsigned size, const wire::Ethernet& ethernet) {
  Payload payload{ethernet.type.host(), sizeof(ethernet)};
  for (unsigned tags = 0; tags < kVlanTagsMax && is_vlan(payload.type); ++tags) {
    const auto* tag = view_at<wire::VlanTag>(bytes, size, payload.offset);
    if (tag == nullptr) break;
    payload = {tag->type.host(), payload.offset + static_cast<unsigned>(sizeof(*tag))};
  }
  return payload;
}

// Fail closed: whatever the kernel's routes say, pod traffic of another site is never sent in
// clear, nor is what is wrapped so deep that it cannot be told.
bool is_clear_text(const Context& context, rte_mbuf* frame) {
  const uint8_t* bytes = bytes_of(frame);
  const auto* ethernet = view_at<wire::Ethernet>(bytes, frame->data_len, 0);
  if (ethernet == nullptr) return false;
  const Payload payload = payload_of(bytes, frame->data_len, *ethernet);
  if (is_vlan(payload.type)) return true;
  const Fib& fib = context.topology->fib;
  TargetKind kind = TargetKind::kNone;
  if (payload.type == wire::kEtherIpv4) {
    const auto* ip = view_at<wire::Ipv4>(bytes, frame->data_len, payload.offset);
    if (ip != nullptr) kind = fib.lookup_v4(ip->destination).kind;
  } else if (payload.type == wire::kEtherIpv6) {
    const auto* ip = view_at<wire::Ipv6>(bytes, frame->data_len, payload.offset);
    if (ip != nullptr) kind = fib.lookup_v6(ip->destination).kind;
  }
  return kind == TargetKind::kRemotePool || kind == TargetKind::kDrop;
}

// The sender's PeerIndex was good until its next quiescent point; the packet may have waited
// longer.
bool is_peer_gone(const Context& context, const Meta& info) {
  const PeerSlot& peer = context.setup.tables->peers[info.peer];
  return peer.tunnel_id.load(std::memory_order_acquire) != info.tunnel_id;
}

// A probe, which is to find out whether the path carries it whole; what else is our own over IPv4
// is small.
bool stays_whole(const Meta& info) {
  return info.origin == Origin::kSelf && info.family == 4;
}

// It may not fit any more, or comes as a whole from a worker without an SA (esp_fragment).
bool is_beyond_path(const Context& context, rte_mbuf* packet) {
  Meta& info = meta(packet);
  if (stays_whole(info)) return false;
  info.mtu = context.setup.tables->peers[info.peer].path_mtu.load(std::memory_order_relaxed);
  return packet->data_len > info.mtu;
}

void take_up(Context& context, rte_mbuf* packet) {
  Meta& info = meta(packet);
  switch (info.entry) {
    case Entry::kEspIn:
      return context.to(Stage::kEspIn, packet);
    case Entry::kEspOut:
      if (is_peer_gone(context, info)) return context.drop(packet, Drop::kPeerGone);
      if (is_beyond_path(context, packet)) return context.to(Stage::kFragment, packet);
      return context.to(Stage::kEspOut, packet);
    case Entry::kKernelIp:
      info.origin = Origin::kKernel;
      return enter_route(context, packet, HeaderChecksum::kVerify);
    case Entry::kFragment:
      return context.to(Stage::kReassemble, packet);
    case Entry::kKernelFrame:
      if (is_clear_text(context, packet)) return context.drop(packet, Drop::kClearText);
      return context.to(Stage::kTransmit, packet);
  }
}

}  // namespace

void inbox(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) take_up(context, packet);
}

}  // namespace raven::dataplane::stage
