// mss: lowers the maximum segment size that TCP hosts announce to what the path carries.
// SPDX-License-Identifier: Apache-2.0
//
// In: SYN and SYN-ACK, Meta::mtu.  Out: fragment, all of them; only a larger value is changed.
// Malformed options are left as they are.
#include <algorithm>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"
#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {
namespace {

constexpr uint8_t kOptionEnd = 0;
constexpr uint8_t kOptionNop = 1;
constexpr uint8_t kOptionMss = 2;
constexpr uint8_t kOptionMssSize = 4;

// RFC 9293 section 3.7.1: without IP and TCP options.
uint16_t largest_segment(uint16_t mtu, uint8_t family) {
  const unsigned headers =
      (family == 4 ? sizeof(wire::Ipv4) : sizeof(wire::Ipv6)) + sizeof(wire::Tcp);
  return static_cast<uint16_t>(mtu > headers ? mtu - headers : 0);
}

// The path of both directions: a decrypted packet is answered through the tunnel it came from.
uint16_t path_mtu(const Context& context, const Meta& info) {
  if (info.origin != Origin::kTunnel) return info.mtu;
  const PeerSlot& peer = context.setup.tables->peers[info.peer];
  return std::min(info.mtu, peer.path_mtu.load(std::memory_order_relaxed));
}

void lower(wire::Tcp& tcp, uint8_t* value, uint16_t segment_max) {
  const uint16_t segment = static_cast<uint16_t>(value[0] << 8 | value[1]);
  if (segment <= segment_max) return;
  value[0] = static_cast<uint8_t>(segment_max >> 8);
  value[1] = static_cast<uint8_t>(segment_max);
  // At an odd offset the two bytes lie in the other halves of the sum's words.
  const bool odd = ((value - reinterpret_cast<uint8_t*>(&tcp)) & 1) != 0;
  const Be16 from = Be16::from_host(odd ? swap_bytes(segment) : segment);
  const Be16 to = Be16::from_host(odd ? swap_bytes(segment_max) : segment_max);
  tcp.checksum = checksum_update(tcp.checksum, from, to);
}

void clamp(const Context& context, rte_mbuf* packet) {
  const Meta& info = meta(packet);
  uint8_t* bytes = bytes_of(packet);
  auto* tcp = view_at<wire::Tcp>(bytes, packet->data_len, info.l4_offset);
  if (tcp == nullptr) return;
  const unsigned header_size = (tcp->data_offset >> 4) * 4u;
  if (info.l4_offset + header_size > packet->data_len) return;

  uint8_t* option = bytes + info.l4_offset + sizeof(*tcp);
  uint8_t* end = bytes + info.l4_offset + header_size;
  while (option < end && *option != kOptionEnd) {
    if (*option == kOptionNop) {
      ++option;
      continue;
    }
    if (end - option < 2 || option[1] < 2 || option[1] > end - option) return;
    if (*option == kOptionMss && option[1] == kOptionMssSize)
      lower(*tcp, option + 2, largest_segment(path_mtu(context, info), info.family));
    option += option[1];
  }
}

}  // namespace

void mss(Context& context, Lane& in) {
  for (rte_mbuf* packet : in) {
    clamp(context, packet);
    context.to(Stage::kFragment, packet);
  }
}

}  // namespace raven::dataplane::stage
