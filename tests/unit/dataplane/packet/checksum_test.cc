// Checksums against the slow ones of the packet builder.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/checksum.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::dataplane::test {
namespace {

Bytes random_bytes(std::mt19937& random, std::size_t size) {
  Bytes bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

TEST(Checksum, EqualsTheSlowOneForEveryLength) {
  std::mt19937 random{1};
  for (std::size_t size = 0; size < 200; ++size) {
    const Bytes bytes = random_bytes(random, size);
    EXPECT_EQ(checksum_of(bytes.data(), size).host(), internet_checksum(bytes)) << size;
  }
}

TEST(Checksum, HoldsForAGoodHeaderAndNotForAFlippedBit) {
  Bytes header = ipv4({.source = "10.0.0.1", .destination = "10.0.0.2"}, {});
  EXPECT_TRUE(checksum_holds(header.data(), header.size()));
  for (std::size_t bit = 0; bit < header.size() * 8; ++bit) {
    header[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_FALSE(checksum_holds(header.data(), header.size())) << bit;
    header[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
  }
}

// RFC 1624 section 3 and its erratum cases: also where sums are 0 or 0xffff.
TEST(Checksum, IncrementalUpdateEqualsRecomputation) {
  std::mt19937 random{2};
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = random_bytes(random, 20);
    if (i % 3 == 0) bytes = Bytes(20, static_cast<uint8_t>(i % 2 == 0 ? 0 : 0xff));
    set_u16(bytes, 10, 0);
    set_u16(bytes, 10, internet_checksum(bytes));
    const Be16 from = Be16::from_host(u16_at(bytes, 4));
    const Be16 to = Be16::from_host(static_cast<uint16_t>(random()));
    const Be16 updated = checksum_update(Be16::from_host(u16_at(bytes, 10)), from, to);
    set_u16(bytes, 4, to.host());
    set_u16(bytes, 10, updated.host());
    ASSERT_TRUE(checksum_holds(bytes.data(), bytes.size()));
  }
}

TEST(Checksum, PseudoHeaderOfBothFamilies) {
  const Bytes v4 = address_bytes("10.1.2.3") + address_bytes("10.4.5.6");
  EXPECT_EQ(
      static_cast<uint16_t>(~fold_checksum(pseudo_header_sum(v4.data(), 4, 17, 1234))),
      host_to_big(internet_checksum(pseudo_header("10.1.2.3", "10.4.5.6", 17, 1234)))
  );
  const Bytes v6 = address_bytes("fd00::1") + address_bytes("fd00::2");
  EXPECT_EQ(
      static_cast<uint16_t>(~fold_checksum(pseudo_header_sum(v6.data(), 16, 58, 99))),
      host_to_big(internet_checksum(pseudo_header("fd00::1", "fd00::2", 58, 99)))
  );
}

}  // namespace
}  // namespace raven::dataplane::test
