// Outer fragments: dataplane/stage/reassemble.cc and reassembly.cc.
// SPDX-License-Identifier: Apache-2.0
//
// Input: options, then pieces of one ESP packet: two bytes of offset, one of size (both in units of
// eight bytes), one of flags.  Flags choose identification, source, whether more follow, ECN; or
// the piece takes its bytes from the input instead of from the packet.
#include "tests/fuzz/fuzz_box.h"

namespace raven::fuzz {
namespace {

using namespace dataplane;

constexpr unsigned kPiecesMax = 40;

struct Piece {
  std::size_t offset, size;
  bool more, foreign, other_source;
  uint8_t tos;
  uint16_t identification;

  explicit Piece(Input& input) {
    offset = input.two_bytes() % 8192u * 8u;
    size = input.byte() * 8u;
    const uint8_t flags = input.byte();
    more = (flags & 1) != 0;
    foreign = (flags & 2) != 0;
    other_source = (flags & 4) != 0;
    identification = static_cast<uint16_t>((flags >> 3 & 3) * 2);  // even: of this worker
    tos = flags >> 5 & 3;
  }
};

Bytes frame_of(FuzzBox& box, const Piece& piece, uint8_t protocol, bool v6, const Bytes& payload) {
  Bytes packet;
  if (v6) {
    const auto field = static_cast<uint16_t>((piece.offset & 0xfff8) | (piece.more ? 1 : 0));
    const Bytes header{
        protocol, 0, static_cast<uint8_t>(field >> 8),          static_cast<uint8_t>(field), 0,
        0,        0, static_cast<uint8_t>(piece.identification)};
    packet = test::ipv6(
        {.source = piece.other_source ? "2001:db8::3" : "2001:db8::2",
         .destination = "2001:db8::1",
         .next_header = 44,
         .traffic_class = piece.tos},
        test::operator+(header, payload)
    );
  } else {
    packet = test::ipv4(
        {.source = piece.other_source ? "198.51.100.3" : "198.51.100.2",
         .destination = "192.0.2.1",
         .protocol = protocol,
         .tos = piece.tos,
         .more_fragments = piece.more,
         .fragment_offset = static_cast<uint16_t>(piece.offset),
         .identification = piece.identification},
        payload
    );
  }
  return test::ethernet(box.bench().wan_mac(), test::kRouterMac, packet);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Input input{data, size};
  const uint8_t options = input.byte();
  const bool v6 = (options & 1) != 0, udp = (options & 2) != 0;
  FuzzBox& box = FuzzBox::with({.udp_encapsulated = udp});
  const Bytes inner = test::pod_packet("10.2.7.9", "10.1.3.5", (options >> 2) * 20u);
  const Bytes whole = test::slice(box.bench().seal(inner), 14 + 20);
  std::size_t opened = 0;
  for (unsigned i = 0; i < kPiecesMax && !input.empty(); ++i) {
    const Piece piece{input};
    Bytes payload = test::slice(whole, piece.offset, piece.size);
    if (piece.foreign) {
      const auto own = input.take(piece.size);
      payload.assign(own.begin(), own.end());
    }
    box.put_frame(box.bench().wan(), frame_of(box, piece, udp ? 17 : 50, v6, payload));
    for (const Bytes& packet : box.run().lan) {
      require(packet.size() == inner.size(), "what comes out is what was sent");
      ++opened;
    }
  }
  require(opened <= 1, "a packet is opened once at most");
  box.settle();
  return 0;
}

}  // namespace raven::fuzz
