// The outer headers of tunnel traffic: ESP, ESP in UDP, IKE and keepalives in dataplane/stage/
// classify.cc, then the SA lookup and whatever follows.
// SPDX-License-Identifier: Apache-2.0
//
// Input: options, then what follows the IP header of a frame whose IP header is right.
#include "tests/fuzz/fuzz_box.h"

namespace raven::fuzz {
namespace {

using namespace dataplane;
using dataplane::test::BenchOptions;

struct Options {
  bool v6, udp, lan, foreign, padded;
  explicit Options(uint8_t bits)
      : v6{(bits & 1) != 0},
        udp{(bits & 2) != 0},
        lan{(bits & 4) != 0},
        foreign{(bits & 8) != 0},
        padded{(bits & 16) != 0} {}
};

Bytes ip_packet(const Options& options, const Bytes& payload) {
  const uint8_t protocol = options.udp ? 17 : 50;
  if (options.v6)
    return test::ipv6(
        {.source = "2001:db8::2",
         .destination = options.foreign ? "2001:db8::9" : "2001:db8::1",
         .next_header = protocol},
        payload
    );
  return test::ipv4(
      {.source = "198.51.100.2",
       .destination = options.foreign ? "192.0.2.9" : "192.0.2.1",
       .protocol = protocol},
      payload
  );
}

// RFC 3948 section 2.2 and 2.3, RFC 768: where classify has to send it.
Stage expected(const Options& options, const Bytes& payload) {
  if (options.foreign) return Stage::kRoute;
  if (!options.udp) return Stage::kEspIn;
  if (payload.size() < 8) return Stage::kDrop;
  const uint16_t port = test::u16_at(payload, 2), length = test::u16_at(payload, 4);
  if (port != 4500 && port != 4472 && port != 4473) return Stage::kPunt;
  if (length < 8 || length > payload.size()) return Stage::kDrop;
  if (port != 4500) {
    if (!options.lan) return Stage::kDrop;
    return port == 4472 ? Stage::kVxlanIn : Stage::kProbe;
  }
  if (length < 12) return Stage::kDrop;
  const bool marker = test::u16_at(payload, 8) == 0 && test::u16_at(payload, 10) == 0;
  return marker ? Stage::kPunt : Stage::kEspIn;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Input input{data, size};
  const Options options{input.byte()};
  BenchOptions bench;
  bench.udp_encapsulated = options.udp;
  FuzzBox& box = FuzzBox::with(bench);
  const Bytes payload = input.rest();
  Port& port = options.lan ? box.bench().lan() : box.bench().wan();
  Bytes frame = test::ethernet(port.mac().text(), test::kRouterMac, ip_packet(options, payload));
  if (options.padded) frame.resize(frame.size() + 20);
  box.put_frame(port, frame);
  box.run_stage(Stage::kClassify);
  require(box.waits_at(expected(options, payload)), "classify sends it where the RFCs say");
  box.run();
  box.settle();
  return 0;
}

}  // namespace raven::fuzz
