// The whole packet path: frames of both ports, of the kernel and of the far end, in any order.
// SPDX-License-Identifier: Apache-2.0
//
// Input: options of the box, then packets: where it comes from, two bytes of length, the bytes.
#include "tests/fuzz/fuzz_box.h"

namespace raven::fuzz {
namespace {

using namespace dataplane;

constexpr unsigned kPacketsMax = 16;
constexpr std::size_t kPacketSizeMax = 8900;

// Few, as each has buffers of its own.
const test::BenchOptions kBoxes[] = {
    {},
    {.owned = false},
    {.one_port = true},
    {.with_outbound_sa = false, .path_mtu = 1280},
};

enum Source : uint8_t { kLanFrame, kWanFrame, kKernelIp, kTapFrame, kLanIp, kWanIp, kSources };

// With the addresses that classify looks for.
Bytes as_frame(Port& port, const Bytes& ip) {
  return test::ethernet(port.mac().text(), test::kNodeDiMac, ip);
}

void put(FuzzBox& box, uint8_t source, Bytes bytes) {
  Port& lan = box.bench().lan();
  Port& wan = box.bench().wan();
  const bool is_frame = source == kLanFrame || source == kWanFrame || source == kTapFrame;
  repair_ipv4_checksum(bytes, is_frame ? 14 : 0);
  switch (source) {
    case kLanFrame:
      return box.put_frame(lan, bytes);
    case kWanFrame:
      return box.put_frame(wan, bytes);
    case kKernelIp:
      return box.put_from_kernel(bytes);
    case kTapFrame:
      return box.put_from_tap(wan, bytes);
    case kLanIp:
      return box.put_frame(lan, as_frame(lan, bytes));
    default:
      return box.put_frame(wan, as_frame(wan, bytes));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Input input{data, size};
  FuzzBox& box = FuzzBox::with(kBoxes[input.byte() % std::size(kBoxes)]);
  for (unsigned i = 0; i < kPacketsMax && !input.empty(); ++i) {
    const auto source = static_cast<uint8_t>(input.byte() % kSources);
    const auto bytes = input.take(std::min<std::size_t>(input.two_bytes(), kPacketSizeMax));
    if (bytes.empty()) break;
    put(box, source, {bytes.begin(), bytes.end()});
    box.run();
  }
  box.settle();
  return 0;
}

}  // namespace raven::fuzz
