// IPv4 headers and options of outer and inner packets: dataplane/packet/parse.h.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/parse.h"
#include "tests/fuzz/fuzz.h"

namespace raven::dataplane {
namespace {

using fuzz::Bytes;
using fuzz::require;

void check_view(const Bytes& packet, const IpView& view) {
  const unsigned header = (packet[0] & 15u) * 4;
  require(view.family == 4 && view.protocol == packet[9], "family and protocol are the header's");
  require(view.size <= packet.size() && view.size >= header, "the packet lies within its bytes");
  const unsigned fragment = static_cast<unsigned>(packet[6] << 8 | packet[7]);
  require(view.l4_offset == ((fragment & 0x1fff) != 0 ? 0 : header), "L4 follows the header");
  require(view.is_fragment == ((fragment & 0x3fff) != 0), "fragments are known as such");
}

bool checksum_is_right(const Bytes& packet) {
  uint32_t sum = 0;
  for (unsigned i = 0; i < (packet[0] & 15u) * 4; i += 2)
    sum += static_cast<uint32_t>(packet[i] << 8 | packet[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

IpVerdict parse(const Bytes& packet, IpView& view, HeaderChecksum checksum) {
  return parse_ipv4(packet.data(), static_cast<uint32_t>(packet.size()), view, checksum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Bytes packet = fuzz::Input{data, size}.rest();
  IpView view, verified;
  const IpVerdict verdict = parse(packet, view, HeaderChecksum::kTrust);
  const IpVerdict strict = parse(packet, verified, HeaderChecksum::kVerify);
  if (verdict == IpVerdict::kMalformed) {
    require(strict == IpVerdict::kMalformed, "malformed stays malformed");
    return 0;
  }
  check_view(packet, view);
  if (verdict == IpVerdict::kSourceRoute)
    require((packet[0] & 15) > 5, "a source route is an option");
  require(
      strict == (checksum_is_right(packet) ? verdict : IpVerdict::kMalformed),
      "with a wrong checksum it is malformed, else the verdict stays"
  );
  packet.resize(view.size);  // Ethernet padding says nothing
  packet.shrink_to_fit();
  require(parse(packet, verified, HeaderChecksum::kTrust) == verdict, "padding says nothing");
  packet.pop_back();
  packet.shrink_to_fit();
  require(
      parse(packet, verified, HeaderChecksum::kTrust) == IpVerdict::kMalformed,
      "a packet that is cut is malformed"
  );
  return 0;
}

}  // namespace raven::dataplane
