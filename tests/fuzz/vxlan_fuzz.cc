// VXLAN from nodes of the local pool: dataplane/stage/vxlan_in.cc, then routing.
// SPDX-License-Identifier: Apache-2.0
//
// Input: options, then the UDP payload.
#include "tests/fuzz/fuzz_box.h"

namespace raven::fuzz {
namespace {

using namespace dataplane;

constexpr std::size_t kInnerIpOffset = 8 + 14;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Input input{data, size};
  const uint8_t options = input.byte();
  FuzzBox& box = FuzzBox::with({});
  Bytes payload = input.rest();
  if ((options & 1) != 0) repair_ipv4_checksum(payload, kInnerIpOffset);
  const bool known = (options & 2) == 0;
  const Bytes udp = test::udp(50000, 4472, payload);
  const Bytes ip =
      (options & 4) != 0
          ? test::ipv6({.source = "fd09::b", .destination = "fd09::1"}, udp)
          : test::ipv4(
                {.source = known ? "10.9.0.11" : "10.9.0.99", .destination = "10.9.0.1"}, udp
            );
  const Bytes frame = test::ethernet(box.bench().lan_mac(), test::kNodeVxMac, ip);
  box.put_frame(box.bench().lan(), frame);
  const FuzzBox::Output output = box.run();
  box.settle();
  const std::size_t came_out = output.tunnel.size() + output.lan.size() + output.kernel.size();
  require(known || came_out == 0, "nothing is taken from a node that nobody has named");
  for (const Bytes& packet : output.kernel)
    require(packet[0] >> 4 == 4 || packet[0] >> 4 == 6, "the kernel is given IP packets");
  return 0;
}

}  // namespace raven::fuzz
