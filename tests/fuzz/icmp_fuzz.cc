// ICMP: errors that we make about packets of any content, and errors that come to us.
// SPDX-License-Identifier: Apache-2.0
//
// Input: where the packet comes from, what is wrong with it, its protocol, then its payload.
#include "tests/fuzz/fuzz_box.h"

namespace raven::fuzz {
namespace {

using namespace dataplane;

constexpr std::size_t kBeyondPath = 1450;  // more than the path MTU of the bench

struct Options {
  uint8_t from;  // 0: a node, 1: the far end, 2: the kernel, 3: to the box itself, by the WAN
  bool v6, last_hop, too_big, is_icmp;
  uint16_t fragment;
  explicit Options(Input& input) {
    const uint8_t bits = input.byte();
    from = bits & 3;
    v6 = (bits & 4) != 0;
    last_hop = (bits & 8) != 0;
    too_big = (bits & 16) != 0;
    is_icmp = (bits & 32) != 0;
    fragment = (bits & 64) != 0 ? 1480 : 0;
  }
};

Bytes packet_of(const Options& options, Bytes payload) {
  if (options.too_big) payload.resize(kBeyondPath);
  const bool to_remote = options.from != 1;
  const uint8_t ttl = options.last_hop ? 1 : 64;
  if (options.v6) {
    const std::string pods[] = {"fd00:1:2::5", "fd00:2::7", "fd00:1:1::5", "2001:db8::2"};
    const uint8_t protocol = options.is_icmp ? 58 : options.fragment != 0 ? 44 : 17;
    return test::ipv6(
        {.source = pods[options.from],
         .destination = options.from == 3 ? "2001:db8::1"
                        : to_remote       ? "fd00:2::9"
                                          : "fd00:1:3::9",
         .next_header = protocol,
         .hop_limit = ttl},
        payload
    );
  }
  const std::string pods[] = {"10.1.2.5", "10.2.0.7", "10.1.1.5", "198.51.100.2"};
  return test::ipv4(
      {.source = pods[options.from],
       .destination = options.from == 3 ? "192.0.2.1"
                      : to_remote       ? "10.2.0.9"
                                        : "10.1.3.9",
       .protocol = static_cast<uint8_t>(options.is_icmp ? 1 : 17),
       .ttl = ttl,
       .dont_fragment = options.fragment == 0,
       .fragment_offset = options.fragment},
      payload
  );
}

void put(FuzzBox& box, const Options& options, const Bytes& packet) {
  test::BoxBench& bench = box.bench();
  switch (options.from) {
    case 0: {
      const Bytes inner = test::ethernet(test::kOverlayMac, test::kNodeOverlayMac, packet);
      const Bytes outer = test::ipv4(
          {.source = "10.9.0.11", .destination = "10.9.0.1"},
          test::udp(50000, 4472, test::vxlan(inner))
      );
      return box.put_frame(bench.lan(), test::ethernet(bench.lan_mac(), test::kNodeVxMac, outer));
    }
    case 1:
      return box.put_frame(bench.wan(), bench.seal(packet));
    case 2:
      return box.put_from_kernel(packet);
    default:
      return box.put_frame(bench.wan(), test::ethernet(bench.wan_mac(), test::kRouterMac, packet));
  }
}

// RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e).
bool is_error(const Options& options, const Bytes& payload) {
  if (!options.is_icmp || payload.empty()) return false;
  const uint8_t type = payload[0];
  if (options.v6) return type < 128;
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Input input{data, size};
  const Options options{input};
  const Bytes payload = input.rest();
  FuzzBox& box = FuzzBox::with({});
  const uint64_t errors_before = box.errors_made();
  put(box, options, packet_of(options, payload));
  box.run();
  box.settle();
  const bool made = box.errors_made() != errors_before;
  const bool later_fragment = options.fragment != 0 && !options.v6;
  if (is_error(options, payload) && !later_fragment) require(!made, "no error answers an error");
  return 0;
}

}  // namespace raven::fuzz
