// Every suite, both directions, every size and alignment, against OpenSSL.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane::test {
namespace {

struct Case {
  Algorithm algorithm;
  bool esn;
};

class RoundTrip : public testing::TestWithParam<Case> {
 protected:
  RoundTrip() : in_config_{config(Direction::kInbound)}, out_config_{config(Direction::kOutbound)} {
    out_ = worker_.outbound(out_config_);
    in_ = worker_.inbound(in_config_);
  }

  static SaConfig config(Direction direction) {
    SaConfig result = sa_config(direction, GetParam().algorithm);
    result.esn = GetParam().esn;
    if (result.esn) result.last_sequence = 0x1'ffff'ff00;
    return result;
  }

  // Ours to OpenSSL and OpenSSL's to ours.
  void check(const Bytes& inner, uint8_t next_header, uint32_t misalignment) {
    const Suite& suite = suite_of(GetParam().algorithm);
    const Bytes text = with_trailer(inner, next_header, suite.block_size);
    const ReferenceSa reference = reference_sa(out_config_);

    const Sealed sealed = worker_.seal(*out_, inner, misalignment);
    ASSERT_EQ(sealed.verdict, EspVerdict::kOk);
    const Bytes esp = without_outer(sealed.packet);
    ASSERT_EQ(reference_open(reference, out_->sequence(), esp), text);

    const Bytes iv(esp.begin() + 8, esp.begin() + 8 + suite.iv_size);
    ASSERT_EQ(reference_seal(reference, out_->sequence(), iv, text), esp);
    const Opened opened = worker_.open(*in_, esp, 0, misalignment);
    ASSERT_EQ(opened.verdict, EspVerdict::kOk);
    ASSERT_EQ(opened.inner, inner);
  }

  Worker worker_;
  SaConfig in_config_;
  SaConfig out_config_;
  std::unique_ptr<OutboundSa> out_;
  std::unique_ptr<InboundSa> in_;
};

// Rule 12: holds
TEST_P(RoundTrip, EverySizeUpTo2000) {
  for (uint32_t size = 20; size <= 2000; ++size) check(ipv4_packet(size), 4, size % 64);
}

TEST_P(RoundTrip, Ipv6AndJumboSizes) {
  for (const uint32_t size : {40u, 41u, 1280u, 8999u, 9000u, 65'000u})
    check(ipv6_packet(size), 41, 14);
}

TEST_P(RoundTrip, EveryAlignment) {
  for (uint32_t misalignment = 0; misalignment < 64; ++misalignment)
    for (const uint32_t size : {40u, 64u, 257u, 1400u}) check(ipv4_packet(size), 4, misalignment);
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const Suite& suite : kSuites)
    for (const bool esn : {false, true}) cases.push_back({suite.algorithm, esn});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(
    Suites, RoundTrip, testing::ValuesIn(all_cases()),
    [](const testing::TestParamInfo<Case>& row) {
      std::string name;
      for (const char c : suite_of(row.param.algorithm).name)
        if (c != '-') name += c;
      return name + (row.param.esn ? "Esn" : "");
    }
);

}  // namespace
}  // namespace raven::dataplane::test
