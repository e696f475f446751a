// TCP options of connections that begin: dataplane/stage/mss.cc.
// SPDX-License-Identifier: Apache-2.0
//
// Input: options, then a TCP segment, whose checksum is made right.
#include "tests/fuzz/fuzz_box.h"

namespace raven::fuzz {
namespace {

using namespace dataplane;

constexpr uint16_t kPathMtu = 1400;

// The maximum segment size that a well-formed SYN announces, 0: it does not.  RFC 9293 section 3.1.
uint16_t announced(const Bytes& segment) {
  if (segment.size() < 20 || (segment[13] & 2) == 0) return 0;
  const std::size_t end = (segment[12] >> 4) * 4u;
  if (end > segment.size()) return 0;
  for (std::size_t at = 20; at < end && segment[at] != 0;) {
    if (segment[at] == 1) {
      ++at;
      continue;
    }
    if (at + 1 >= end || segment[at + 1] < 2 || at + segment[at + 1] > end) return 0;
    if (segment[at] == 2 && segment[at + 1] == 4) return test::u16_at(segment, at + 2);
    at += segment[at + 1];
  }
  return 0;
}

Bytes ip_packet(bool v6, bool from_tunnel, Bytes segment) {
  const std::string source =
      v6 ? (from_tunnel ? "fd00:2::7" : "fd00:1:1::5") : (from_tunnel ? "10.2.0.7" : "10.1.1.5");
  const std::string destination =
      v6 ? (from_tunnel ? "fd00:1:3::9" : "fd00:2::9") : (from_tunnel ? "10.1.3.9" : "10.2.0.9");
  if (segment.size() >= 20) {
    test::set_u16(segment, 16, 0);
    const Bytes pseudo = test::pseudo_header(source, destination, 6, segment.size());
    test::set_u16(segment, 16, test::internet_checksum(test::operator+(pseudo, segment)));
  }
  if (v6)
    return test::ipv6({.source = source, .destination = destination, .next_header = 6}, segment);
  return test::ipv4({.source = source, .destination = destination, .protocol = 6}, segment);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Input input{data, size};
  const uint8_t options = input.byte();
  const bool v6 = (options & 1) != 0, from_tunnel = (options & 2) != 0;
  Bytes segment = input.rest();
  segment.resize(std::min<std::size_t>(segment.size(), 1300));  // it fits: no fragments
  FuzzBox& box = FuzzBox::with({.path_mtu = kPathMtu});
  const Bytes packet = ip_packet(v6, from_tunnel, segment);
  if (from_tunnel)
    box.put_frame(box.bench().wan(), box.bench().seal(packet));
  else
    box.put_from_kernel(packet);
  const FuzzBox::Output output = box.run();
  box.settle();
  const std::vector<Bytes>& sent = from_tunnel ? output.lan : output.tunnel;
  require(sent.size() == 1, "whatever its options, a segment is forwarded");
  require(sent[0].size() == packet.size(), "and as long as it was");
  if (segment.size() < 20) return 0;
  require(test::l4_checksum_holds(sent[0]), "the checksum stays right");
  const std::size_t header = v6 ? 40 : 20;
  const uint16_t segment_max = announced(test::slice(sent[0], header));
  require(segment_max <= kPathMtu - header - 20, "what is announced fits into the tunnel");
  require((segment_max == 0) == (announced(segment) == 0), "an option stays where it is");
  return 0;
}

}  // namespace raven::fuzz
