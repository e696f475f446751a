// What is inside: padding, next header, inner header, TFC padding, ECN.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/inner_packet.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/ipsec/bytes.h"
#include "tests/unit/dataplane/ipsec/reference_esp.h"

namespace raven::dataplane::test {
namespace {

InnerPacket open_text(Bytes& text, uint8_t outer_traffic_class = 0) {
  return open_inner(text.data(), static_cast<uint32_t>(text.size()), outer_traffic_class);
}

std::string_view verdict_of(Bytes text) {
  return esp_verdict_name(open_text(text).verdict);
}

Bytes plus(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// Rule 16: holds
TEST(InnerPacket, Row16TakesBothFamilies) {
  Bytes v4 = with_trailer(ipv4_packet(61), 4, 4);
  EXPECT_EQ(open_text(v4).family, IpFamily::kV4);
  EXPECT_EQ(open_text(v4).size, 61u);
  Bytes v6 = with_trailer(ipv6_packet(61), 41, 4);
  EXPECT_EQ(open_text(v6).family, IpFamily::kV6);
  EXPECT_EQ(open_text(v6).size, 61u);
}

// Rule 1: refuses.  Rule 16: refuses
TEST(InnerPacket, Row16RefusesEveryOtherNextHeader) {
  for (int next_header = 0; next_header < 256; ++next_header) {
    const auto verdict =
        verdict_of(with_trailer(ipv4_packet(60), static_cast<uint8_t>(next_header), 4));
    if (next_header == 4)
      EXPECT_EQ(verdict, "ok");
    else if (next_header == 41)
      EXPECT_EQ(verdict, "inner_malformed") << "IPv4 said to be IPv6";
    else if (next_header == 59)
      EXPECT_EQ(verdict, "dummy");
    else
      EXPECT_EQ(verdict, "next_header") << next_header;
  }
}

// Rule 16: refuses
TEST(InnerPacket, Row16RefusesAVersionThatIsNotTheNextHeaders) {
  EXPECT_EQ(verdict_of(with_trailer(ipv6_packet(60), 4, 4)), "inner_malformed");
}

// Rule 13: holds
TEST(InnerPacket, Row13TakesEveryPaddingLength) {
  for (uint32_t pad = 0; pad < 256; ++pad) {
    Bytes text = ipv4_packet(40);
    for (uint32_t i = 1; i <= pad; ++i) text.push_back(static_cast<uint8_t>(i));
    EXPECT_EQ(verdict_of(plus(text, {static_cast<uint8_t>(pad), 4})), "ok") << pad;
  }
}

// Rule 13: refuses
TEST(InnerPacket, Row13RefusesWrongPadding) {
  EXPECT_EQ(verdict_of(plus(ipv4_packet(40), {0, 0, 2, 4})), "pad");
  EXPECT_EQ(verdict_of(plus(ipv4_packet(40), {1, 3, 2, 4})), "pad");
  EXPECT_EQ(verdict_of(plus(ipv4_packet(40), {2, 1, 2, 4})), "pad");
}

// Rule 13: refuses
TEST(InnerPacket, Row13RefusesPaddingLongerThanThePayload) {
  EXPECT_EQ(verdict_of(plus(ipv4_packet(40), {255, 4})), "pad");
  EXPECT_EQ(verdict_of({1, 4}), "pad");
  EXPECT_EQ(verdict_of({0, 4}), "inner_malformed") << "nothing inside";
}

// Rule 17: holds
TEST(InnerPacket, Row17CutsTfcPadding) {
  Bytes text = with_trailer(plus(ipv4_packet(44), Bytes(10)), 4, 4);
  EXPECT_EQ(open_text(text).size, 44u);
  text = with_trailer(plus(ipv6_packet(44), Bytes(1000)), 41, 4);
  EXPECT_EQ(open_text(text).size, 44u);
}

// Rule 18: refuses
TEST(InnerPacket, Row18RefusesALengthBeyondTheText) {
  Bytes cut = ipv4_packet(40);
  cut.resize(38);
  EXPECT_EQ(verdict_of(with_trailer(cut, 4, 4)), "inner_malformed");
  cut = ipv6_packet(60);
  cut.resize(59);
  EXPECT_EQ(verdict_of(with_trailer(cut, 41, 4)), "inner_malformed");
}

// Rule 18: refuses
TEST(InnerPacket, Row18RefusesEveryLengthShorterThanAHeader) {
  for (std::size_t size = 0; size < 20; ++size) {
    Bytes cut = ipv4_packet(20);
    cut.resize(size);
    EXPECT_EQ(verdict_of(plus(cut, {0, 4})), "inner_malformed") << size;
  }
  for (std::size_t size = 0; size < 40; ++size) {
    Bytes cut = ipv6_packet(40);
    cut.resize(size);
    EXPECT_EQ(verdict_of(plus(cut, {0, 41})), "inner_malformed") << size;
  }
}

// Rule 18: refuses
TEST(InnerPacket, Row18RefusesAWrongChecksum) {
  Bytes packet = ipv4_packet(40);
  packet[10] ^= 1;
  EXPECT_EQ(verdict_of(plus(packet, {0, 4})), "inner_malformed");
}

// Rule 18: refuses
TEST(InnerPacket, Row18RefusesAHeaderLengthBelowFive) {
  Bytes packet = ipv4_packet(40);
  packet[0] = 0x44;
  fix_ipv4_checksum(packet);
  EXPECT_EQ(verdict_of(plus(packet, {0, 4})), "inner_malformed");
}

// Rule 18: refuses
TEST(InnerPacket, Row18RefusesATotalLengthBelowTheHeader) {
  Bytes packet = ipv4_packet(40);
  packet[3] = 19;
  fix_ipv4_checksum(packet);
  EXPECT_EQ(verdict_of(plus(packet, {0, 4})), "inner_malformed");
}

// Rule 18: holds.  Rule 27: holds
TEST(InnerPacket, Row27TakesHeadersWithOptions) {
  for (uint8_t words = 6; words <= 15; ++words) {
    Bytes packet = ipv4_packet(100);
    packet[0] = static_cast<uint8_t>(0x40 | words);
    fix_ipv4_checksum(packet);
    Bytes text = with_trailer(packet, 4, 4);
    EXPECT_EQ(open_text(text).verdict, EspVerdict::kOk);
    EXPECT_EQ(Bytes(text.begin(), text.begin() + 100), packet) << "byte-exact";
  }
}

// Rule 18: refuses
TEST(InnerPacket, Row18RefusesOptionsBeyondThePacket) {
  Bytes packet = ipv4_packet(40);
  packet[0] = 0x4b;  // 44 bytes of header
  packet.resize(44);
  fix_ipv4_checksum(packet);
  EXPECT_EQ(verdict_of(with_trailer(packet, 4, 4)), "inner_malformed");
}

// RFC 6040 figure 4.  Rows: inner, columns: outer; 4: dropped.
// Rule 25: holds.  Rule 25: refuses
TEST(InnerPacket, Row25FollowsTheEcnTable) {
  constexpr uint8_t kNot = 0, kEct1 = 1, kEct0 = 2, kCe = 3, kDropped = 4;
  constexpr struct {
    uint8_t inner, outer, result;
  } kRows[] = {
      {kNot, kNot, kNot},   {kNot, kEct0, kNot},   {kNot, kEct1, kNot},   {kNot, kCe, kDropped},
      {kEct0, kNot, kEct0}, {kEct0, kEct0, kEct0}, {kEct0, kEct1, kEct1}, {kEct0, kCe, kCe},
      {kEct1, kNot, kEct1}, {kEct1, kEct0, kEct1}, {kEct1, kEct1, kEct1}, {kEct1, kCe, kCe},
      {kCe, kNot, kCe},     {kCe, kEct0, kCe},     {kCe, kEct1, kCe},     {kCe, kCe, kCe},
  };
  for (const auto& row : kRows)
    for (const bool v6 : {false, true}) {
      constexpr uint8_t kDscp = 46 << 2;
      const auto inner_class = static_cast<uint8_t>(kDscp | row.inner);
      const Bytes packet = v6 ? ipv6_packet(60, inner_class) : ipv4_packet(60, inner_class);
      Bytes text = with_trailer(packet, v6 ? 41 : 4, 4);
      const InnerPacket inner = open_text(text, static_cast<uint8_t>(0xfc | row.outer));
      if (row.result == kDropped) {
        EXPECT_EQ(inner.verdict, EspVerdict::kEcn);
        continue;
      }
      ASSERT_EQ(inner.verdict, EspVerdict::kOk);
      const auto expected_class = static_cast<uint8_t>(kDscp | row.result);
      const Bytes expected = v6 ? ipv6_packet(60, expected_class) : ipv4_packet(60, expected_class);
      EXPECT_EQ(Bytes(text.begin(), text.begin() + 60), expected)
          << "inner " << int{row.inner} << " outer " << int{row.outer} << (v6 ? " IPv6" : " IPv4");
    }
}

}  // namespace
}  // namespace raven::dataplane::test
