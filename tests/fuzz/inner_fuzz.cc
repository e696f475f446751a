// What is inside an authentic ESP packet: dataplane/ipsec/inner_packet.h, esp_in.h, and routing.
// SPDX-License-Identifier: Apache-2.0
//
// Input: options, then the plaintext with its trailer, which the test's own ESP encrypts.
#include "dataplane/ipsec/inner_packet.h"
#include "tests/fuzz/fuzz_box.h"
#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::fuzz {
namespace {

using namespace dataplane;

// The SA of the bench, as the oracle has to know it.
test::ReferenceSa bench_sa() {
  test::ReferenceSa sa;
  const Bytes key = test::filled(20, 0x01);
  sa.key.assign(key.begin(), key.begin() + 16);
  sa.salt.assign(key.begin() + 16, key.end());
  sa.spi = 0x1001;
  sa.esn = SaConfig{}.esn;
  return sa;
}

// To the multiple of a block that any ESP packet holds, with a trailer that may be anything.
Bytes padded(Bytes text, std::size_t block) {
  while (text.size() < 2 || text.size() % block != 0) text.insert(text.begin(), 0x45);
  return text;
}

// Both ways to the same bytes, decrypted and never encrypted, give the same verdict.
EspVerdict open(const Bytes& text, Algorithm algorithm, uint8_t outer_class) {
  static test::Worker& worker = *new test::Worker;
  const SaConfig config = test::sa_config(Direction::kInbound, algorithm);
  const auto sa = worker.inbound(config);
  const test::ReferenceSa reference = test::reference_sa(config);
  const Bytes iv = test::filled(suite_of(algorithm).iv_size, 7);
  const Bytes esp = test::reference_seal(reference, 1, iv, text);
  const test::Opened opened = worker.open(*sa, esp, outer_class);

  Bytes plain = text;  // ends where the text ends
  const InnerPacket direct =
      open_inner(plain.data(), static_cast<uint32_t>(plain.size()), outer_class);
  require(direct.verdict == opened.verdict, "encrypted or not, the verdict is the same");
  if (opened.verdict != EspVerdict::kOk) {
    require(opened.inner.empty(), "nothing comes out of a refused packet");
    return opened.verdict;
  }
  const std::size_t trailer = text[text.size() - 2] + 2u;  // RFC 4303 section 2.4
  require(direct.size + trailer <= text.size(), "the packet lies in front of the trailer");
  plain.resize(direct.size);
  require(plain == opened.inner, "encrypted or not, the packet is the same");
  return opened.verdict;
}

// The same text as the far end of the tunnel sends it.
void forward(const Bytes& text, EspVerdict verdict) {
  static uint32_t sequence = 0;
  static const test::ReferenceSa sa = bench_sa();
  FuzzBox& box = FuzzBox::with({});
  const Bytes esp = test::reference_seal(sa, ++sequence, test::filled(8, 7), text);
  const Bytes ip =
      test::ipv4({.source = "198.51.100.2", .destination = "192.0.2.1", .protocol = 50}, esp);
  box.put_frame(box.bench().wan(), test::ethernet(box.bench().wan_mac(), test::kRouterMac, ip));
  const FuzzBox::Output output = box.run();
  const DropCounters& drops = box.bench().context().counters.drops;
  require(drops.sum(drop_of(EspVerdict::kIcv)) == 0, "the box and the oracle have the same keys");
  box.settle();
  require(
      verdict == EspVerdict::kOk || (output.lan.empty() && output.kernel.empty()),
      "nothing of a refused packet is forwarded"
  );
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Input input{data, size};
  const uint8_t options = input.byte();
  const unsigned suite = (options & 3) | (options >> 1 & 4);
  const Algorithm algorithm = kSuites[suite % std::size(kSuites)].algorithm;
  Bytes text = padded(input.rest(), suite_of(algorithm).block_size);
  if ((options & 4) == 0) repair_ipv4_checksum(text, 0);
  FuzzBox::with({});  // the EAL comes first
  const auto outer_class = static_cast<uint8_t>(options >> 4 & 3);
  const EspVerdict verdict = open(text, algorithm, outer_class);
  if (outer_class == 0) forward(text, verdict);
  return 0;
}

}  // namespace raven::fuzz
