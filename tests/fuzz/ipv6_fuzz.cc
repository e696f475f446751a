// IPv6 headers and extension headers of outer and inner packets: dataplane/packet/parse.h.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/parse.h"
#include "tests/fuzz/fuzz.h"

namespace raven::dataplane {
namespace {

using fuzz::Bytes;
using fuzz::require;

IpVerdict parse(const Bytes& packet, IpView& view) {
  return internal::parse_ipv6(packet.data(), static_cast<uint32_t>(packet.size()), view);
}

bool is_extension(uint8_t protocol) {
  return protocol == wire::kHopByHop || protocol == wire::kRouting || protocol == wire::kFragment ||
         protocol == wire::kDestinationOptions;
}

void check_view(const Bytes& packet, const IpView& view) {
  require(view.family == 6, "the family is that of the header");
  require(view.size >= 40 && view.size <= packet.size(), "the packet lies within its bytes");
  require(view.l4_offset <= view.size, "L4 begins within the packet");
  if (view.l4_offset == 0) {
    require(view.protocol == wire::kNoNext || view.is_fragment, "L4 is missing for a reason");
  } else {
    require(view.l4_offset >= 40 && !is_extension(view.protocol), "L4 follows all extensions");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Bytes packet = fuzz::Input{data, size}.rest();
  IpView view, again;
  const IpVerdict verdict = parse(packet, view);
  if (verdict != IpVerdict::kOk) return 0;
  check_view(packet, view);
  packet.resize(view.size);  // Ethernet padding says nothing
  packet.shrink_to_fit();
  require(parse(packet, again) == verdict, "padding says nothing");
  require(
      again.l4_offset == view.l4_offset && again.protocol == view.protocol, "padding says nothing"
  );
  packet.pop_back();
  packet.shrink_to_fit();
  require(parse(packet, again) == IpVerdict::kMalformed, "a packet that is cut is malformed");
  return 0;
}

}  // namespace raven::dataplane
