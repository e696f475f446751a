// Looking into what an ICMP error quotes.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/flow_error.h"

#include <cstring>

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/parse.h"

namespace raven::dataplane::stage {
namespace {

// Unreachable, time exceeded, parameter problem (RFC 792); not redirects, not source quenches.
bool is_error_v4(uint8_t type) {
  return type == 3 || type == 11 || type == 12;
}

// Unreachable, too big, time exceeded, parameter problem (RFC 4443).
bool is_error_v6(uint8_t type) {
  return type >= 1 && type <= 4;
}

bool is_host_v4(const uint8_t* address) {
  return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

// Not unspecified or loopback (RFC 4291 section 2.5.2, 2.5.3), link-local, or a group.
bool is_host_v6(const uint8_t* address) {
  static constexpr uint8_t kZeros[15] = {};
  if (std::memcmp(address, kZeros, sizeof(kZeros)) == 0 && address[15] <= 1) return false;
  if (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) return false;
  return address[0] != 0xff;
}

// Where the quoted packet was going; nothing: the error does not go to who sent it.
template <class Header>
const uint8_t* quoted_destination(rte_mbuf* packet, unsigned version) {
  const uint8_t* bytes = bytes_of(packet);
  const uint32_t at = meta(packet).l4_offset + uint32_t{sizeof(wire::Icmp)};
  const auto* quoted = view_at<Header>(bytes, packet->data_len, at);
  if (quoted == nullptr || bytes[at] >> 4 != version) return nullptr;
  const auto& outer = *reinterpret_cast<const Header*>(bytes);
  const bool to_sender =
      std::memcmp(outer.destination, quoted->source, sizeof(outer.destination)) == 0;
  return to_sender ? quoted->destination : nullptr;
}

}  // namespace

bool is_flow_error(const Context& context, rte_mbuf* packet, Target from) {
  const Meta& info = meta(packet);
  const bool v4 = info.family == 4;
  if (from.kind != TargetKind::kNone || info.l4_offset == 0 ||
      info.l4_protocol != (v4 ? wire::kIcmp : wire::kIcmp6))
    return false;
  const uint8_t* bytes = bytes_of(packet);
  const auto* icmp = view_at<wire::Icmp>(bytes, packet->data_len, info.l4_offset);
  if (icmp == nullptr || !(v4 ? is_error_v4(icmp->type) : is_error_v6(icmp->type))) return false;
  const uint8_t* source = wire::source_of(bytes, info.family);
  const bool from_host = v4 ? is_host_v4(source) : is_host_v6(source);
  const uint8_t* destination =
      v4 ? quoted_destination<wire::Ipv4>(packet, 4) : quoted_destination<wire::Ipv6>(packet, 6);
  if (!from_host || destination == nullptr) return false;

  const Fib& fib = context.topology->fib;
  const Target went_to = v4 ? fib.lookup_v4(destination) : fib.lookup_v6(destination);
  if (info.origin != Origin::kTunnel)
    return info.target.kind == TargetKind::kRemotePool && went_to.is_local();
  const PeerSlot& peer = context.setup.tables->peers[info.peer];
  return info.target.is_local() && went_to.is_remote(peer.pool.load(std::memory_order_relaxed));
}

}  // namespace raven::dataplane::stage
