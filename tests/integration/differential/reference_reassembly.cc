// Reassembly, piece by piece.
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/reference_reassembly.h"

#include <algorithm>

namespace raven::dataplane::test {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kPiecesMax = 16;  // of one packet
constexpr uint8_t kEsp = 50, kUdp = 17;

using Result = ReferenceReassembly::Result;

Result dropped(const std::string& reason) {
  Result result;
  result.drops[reason] = 1;
  return result;
}

enum class Owner { kOurs, kKernel, kNobody };

// What a first fragment says: ESP and NAT-T are ours, VXLAN and probes must not come in pieces.
Owner owner_of(uint8_t protocol, const Bytes& payload) {
  if (protocol == kEsp) return Owner::kOurs;
  if (payload.size() < 12) return Owner::kNobody;
  const uint16_t port = u16_at(payload, 2);
  if (port == 4472 || port == 4473) return Owner::kNobody;
  return port == 4500 && slice(payload, 8, 4) != Bytes{0, 0, 0, 0} ? Owner::kOurs : Owner::kKernel;
}

}  // namespace

Bytes without_fragment_header(const Bytes& frame) {
  Bytes shorter = slice(frame, 0, kEthernet + 40) + slice(frame, kEthernet + 48);
  shorter[kEthernet + 6] = frame[kEthernet + 40];
  set_u16(shorter, kEthernet + 4, static_cast<uint16_t>(u16_at(frame, kEthernet + 4) - 8));
  return shorter;
}

Result ReferenceReassembly::add(const ReceivedFrame& received, const ReferenceIp& ip) {
  const Bytes bytes = slice(received.frame, kEthernet, ip.size);
  const bool v4 = ip.family == 4;
  if (!v4 && bytes[6] != 44) return dropped("outer_fragment");
  const uint8_t protocol = v4 ? bytes[9] : bytes[40];
  const unsigned flags = v4 ? u16_at(bytes, 6) : u16_at(bytes, 42);
  Piece piece;
  piece.received = received;
  piece.header = v4 ? ip.header_size : 48;
  piece.offset = v4 ? (flags & 0x1fff) * 8u : flags & 0xfff8u;
  piece.payload = slice(bytes, piece.header);
  piece.more = (flags & (v4 ? 0x2000u : 1u)) != 0;
  piece.ecn = ip.traffic_class & 3;

  Result result;
  if (protocol != kEsp && protocol != kUdp) {
    result.punted.push_back(received);
    return result;
  }
  if (!v4 && piece.offset == 0 && !piece.more) {  // RFC 6946
    result.whole = without_fragment_header(received.frame);
    return result;
  }
  const Bytes identification = v4 ? slice(bytes, 4, 2) : slice(bytes, 44, 4);
  if (piece.payload.empty() || (piece.more && piece.payload.size() % 8 != 0) ||
      piece.header + piece.end() > 65535)
    return dropped("outer_malformed");
  if (identification.back() % 2 != 0) {  // the workers share them by identification
    result.other_worker.push_back(received.frame);
    return result;
  }
  const Owner owner = piece.offset == 0 ? owner_of(protocol, piece.payload) : Owner::kOurs;
  if (owner == Owner::kNobody) return dropped("outer_fragment");

  Packet& packet = packets_[ip.source + ip.destination + identification + Bytes{protocol}];
  if (owner == Owner::kKernel && packet.refused.empty()) packet.kernels = true;
  if (packet.kernels) {
    for (const Piece& held : packet.pieces) result.punted.push_back(held.received);
    packet.pieces.clear();
    result.punted.push_back(received);
    return result;
  }
  return store(packet, piece);
}

Result ReferenceReassembly::refuse(Packet& packet, const std::string& reason, uint64_t more) {
  Result result;
  result.drops[reason] = packet.pieces.size() + more;
  packet.pieces.clear();
  packet.refused = reason;
  return result;
}

Result ReferenceReassembly::store(Packet& packet, const Piece& piece) {
  if (!packet.refused.empty()) return dropped(packet.refused);
  for (const Piece& held : packet.pieces) {
    if (piece.end() <= held.offset || held.end() <= piece.offset) continue;
    // RFC 5722: who overlaps loses everything; an exact copy does not (RFC 8200 section 4.5).
    const bool copy = held.offset == piece.offset && held.payload == piece.payload;
    return copy ? dropped("frag_duplicate") : refuse(packet, "frag_overlap", 1);
  }
  for (const Piece& held : packet.pieces) {
    const bool behind_the_end = (!piece.more && held.end() > piece.end()) ||
                                (!held.more && (piece.end() > held.end() || !piece.more));
    if (behind_the_end) return refuse(packet, "frag_overlap", 1);
  }
  if (packet.pieces.size() == kPiecesMax) return refuse(packet, "frag_cap", 1);
  packet.pieces.push_back(piece);
  std::size_t received = 0, total = 0;
  for (const Piece& held : packet.pieces) {
    received += held.payload.size();
    if (!held.more) total = held.end();
  }
  return total != 0 && received == total ? assemble(packet) : Result{};
}

Result ReferenceReassembly::assemble(Packet& packet) {
  std::sort(packet.pieces.begin(), packet.pieces.end(), [](const Piece& a, const Piece& b) {
    return a.offset < b.offset;
  });
  bool congested = false, not_capable = false;
  for (const Piece& piece : packet.pieces) {
    congested = congested || piece.ecn == 3;
    not_capable = not_capable || piece.ecn == 0;
  }
  if (congested && not_capable) return refuse(packet, "ecn", 0);  // RFC 3168 section 5.3

  const Piece first = packet.pieces.front();
  Result result;
  result.whole = slice(first.received.frame, 0, kEthernet + first.header);
  for (const Piece& piece : packet.pieces) result.whole = result.whole + piece.payload;
  result.drops["frag_merged"] = packet.pieces.size() - 1;
  Bytes ip = slice(result.whole, kEthernet);
  const bool v4 = ip[0] >> 4 == 4;
  if (congested && v4) ip[1] |= 3;
  if (congested && !v4) ip[1] |= 0x30;
  set_u16(ip, v4 ? 2 : 4, static_cast<uint16_t>(ip.size() - (v4 ? 0u : 40u)));
  if (v4) {
    set_u16(ip, 6, 0);
    fix_header_checksum(ip);
  }
  result.whole = slice(result.whole, 0, kEthernet) + ip;
  if (!v4) result.whole = without_fragment_header(result.whole);
  packet = {};
  return result;
}

uint64_t ReferenceReassembly::expire() {
  uint64_t count = 0;
  for (const auto& [key, packet] : packets_) count += packet.pieces.size();
  packets_.clear();
  return count;
}

}  // namespace raven::dataplane::test
