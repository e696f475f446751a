// parse_ip: good headers are understood, bad ones refused, nothing beyond the bytes is read.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/parse.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::dataplane::test {
namespace {

// From a heap block of exactly this size, so that a sanitizer sees any byte read too much.
IpVerdict parse(const Bytes& bytes, IpView& view) {
  const std::unique_ptr<uint8_t[]> exact{new uint8_t[bytes.size()]};
  std::copy(bytes.begin(), bytes.end(), exact.get());
  return parse_ip(exact.get(), static_cast<uint32_t>(bytes.size()), view);
}
IpVerdict parse(const Bytes& bytes) {
  IpView view;
  return parse(bytes, view);
}

const Ipv6Fields kV6 = {.source = "fd00::1", .destination = "fd00::2"};
Bytes v6_with(uint8_t first, const Bytes& payload) {
  Ipv6Fields fields = kV6;
  fields.next_header = first;
  return ipv6(fields, payload);
}
Bytes extension(uint8_t next, uint8_t units = 0, uint8_t type = 1) {
  return Bytes{next, units, type, 0, 0, 0, 0, 0} + Bytes(units * 8u, 0);
}

TEST(ParseIpv4, ReadsAPlainHeader) {
  IpView view;
  ASSERT_EQ(
      parse(ipv4({.source = "10.0.0.1", .destination = "10.0.0.2"}, filled(30)) + filled(9), view),
      IpVerdict::kOk
  );
  EXPECT_EQ(view.family, 4);
  EXPECT_EQ(view.protocol, 17);
  EXPECT_EQ(view.size, 50);
  EXPECT_EQ(view.l4_offset, 20);
  EXPECT_FALSE(view.is_fragment);
}

TEST(ParseIpv4, EveryHeaderLengthIsWalked) {
  for (uint8_t words = 0; words <= 10; ++words) {
    IpView view;
    const Bytes packet = ipv4(
        {.source = "10.0.0.1", .destination = "10.0.0.2", .options = Bytes(words * 4u, 1)},
        filled(8)
    );
    ASSERT_EQ(parse(packet, view), IpVerdict::kOk);
    EXPECT_EQ(view.l4_offset, 20 + words * 4);
  }
}

TEST(ParseIpv4, TellsFragments) {
  IpView view;
  parse(
      ipv4({.source = "10.0.0.1", .destination = "10.0.0.2", .more_fragments = true}, filled(8)),
      view
  );
  EXPECT_TRUE(view.is_fragment);
  EXPECT_EQ(view.l4_offset, 20);
  parse(
      ipv4({.source = "10.0.0.1", .destination = "10.0.0.2", .fragment_offset = 8}, filled(8)), view
  );
  EXPECT_TRUE(view.is_fragment);
  EXPECT_EQ(view.l4_offset, 0);
}

TEST(ParseIpv4, CutAtEveryByteIsMalformed) {
  const Bytes packet =
      ipv4({.source = "10.0.0.1", .destination = "10.0.0.2", .options = {148, 4, 0, 0}}, filled(8));
  for (std::size_t size = 0; size < packet.size(); ++size)
    EXPECT_EQ(parse(slice(packet, 0, size)), IpVerdict::kMalformed) << size;
}

// Rule 27: refuses
TEST(ParseIpv4, SourceRoutesAreRefusedAndBadOptionsMalformed) {
  const auto with = [](const Bytes& options) {
    return parse(ipv4({.source = "10.0.0.1", .destination = "10.0.0.2", .options = options}, {}));
  };
  EXPECT_EQ(with({131, 3, 4, 0}), IpVerdict::kSourceRoute);
  EXPECT_EQ(with({1, 137, 3, 4}), IpVerdict::kSourceRoute);
  EXPECT_EQ(with({7, 1, 0, 0}), IpVerdict::kMalformed);
  EXPECT_EQ(with({7, 5, 0, 0}), IpVerdict::kMalformed);
  EXPECT_EQ(with({1, 1, 1, 7}), IpVerdict::kMalformed);
  EXPECT_EQ(with({0, 131, 3, 4}), IpVerdict::kOk) << "nothing counts behind the end of options";
}

// Rule 28: holds
TEST(ParseIpv6, WalksExtensionHeadersToTheProtocol) {
  IpView view;
  const Bytes chain = extension(60) + extension(43, 2) + extension(17, 1) + udp(1, 2, {});
  ASSERT_EQ(parse(v6_with(0, chain), view), IpVerdict::kOk);
  EXPECT_EQ(view.protocol, 17);
  EXPECT_EQ(view.l4_offset, 40 + 8 + 24 + 16);
}

TEST(ParseIpv6, TellsFragments) {
  IpView view;
  const Bytes first = Bytes{17, 0, 0, 1, 0, 0, 0, 9} + udp(1, 2, {});
  ASSERT_EQ(parse(v6_with(44, first), view), IpVerdict::kOk);
  EXPECT_TRUE(view.is_fragment);
  EXPECT_EQ(view.l4_offset, 48);
  const Bytes later = Bytes{17, 0, 0x05, 0xa8, 0, 0, 0, 9} + filled(8);
  ASSERT_EQ(parse(v6_with(44, later), view), IpVerdict::kOk);
  EXPECT_EQ(view.l4_offset, 0);
}

// Rule 28: holds
TEST(ParseIpv6, StopsAtEspAhAndNoNextHeader) {
  IpView view;
  for (const uint8_t protocol : {uint8_t{50}, uint8_t{51}}) {
    ASSERT_EQ(parse(v6_with(protocol, filled(16)), view), IpVerdict::kOk);
    EXPECT_EQ(view.protocol, protocol);
    EXPECT_EQ(view.l4_offset, 40);
  }
  ASSERT_EQ(parse(v6_with(59, {}), view), IpVerdict::kOk);
  EXPECT_EQ(view.l4_offset, 0);
}

// Rule 28: refuses
TEST(ParseIpv6, EndlessAndMalformedChainsAreRefused) {
  Bytes chain;
  for (int i = 0; i < 100; ++i) chain = chain + extension(60);
  EXPECT_EQ(parse(v6_with(60, chain + extension(17))), IpVerdict::kMalformed);
  EXPECT_EQ(parse(v6_with(60, extension(0) + extension(17))), IpVerdict::kMalformed)
      << "hop-by-hop options come first or not at all";
  EXPECT_EQ(parse(v6_with(60, {17, 9, 0, 0, 0, 0, 0, 0})), IpVerdict::kMalformed);
  EXPECT_EQ(parse(v6_with(60, {17, 0, 0})), IpVerdict::kMalformed);
  EXPECT_EQ(parse(v6_with(44, {17, 0, 0})), IpVerdict::kMalformed);
  EXPECT_EQ(parse(v6_with(43, extension(17, 0, 0))), IpVerdict::kSourceRoute) << "RFC 5095";
}

TEST(ParseIp, RandomBytesNeverCrash) {
  std::mt19937 random{5};
  for (int i = 0; i < 200000; ++i) {
    Bytes bytes(random() % 120);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    if (!bytes.empty()) bytes[0] = static_cast<uint8_t>((i % 2 == 0 ? 0x40 : 0x60) | bytes[0] % 16);
    IpView view;
    if (parse(bytes, view) == IpVerdict::kOk) {
      ASSERT_LE(view.size, bytes.size());
      ASSERT_LE(view.l4_offset, view.size);
    }
  }
}

}  // namespace
}  // namespace raven::dataplane::test
