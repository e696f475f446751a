// Strict parsing of addresses, prefixes and MACs.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/ip.h"

#include <gtest/gtest.h>

namespace raven {
namespace {

TEST(IpAddress, KeepsItsTextForBothFamilies) {
  for (const char* text :
       {"0.0.0.0", "10.1.2.3", "255.255.255.255", "::", "fd00:1::2", "::ffff:1.2.3.4"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->text(), text);
  }
}

TEST(IpAddress, RefusesWhatIsNotExactlyAnAddress) {
  for (const char* text :
       {"", "10.1.2", "10.1.2.3.4", "010.0.0.1", "10.0.0.01", "10.0.0.256", "10.0.0.1 ",
        "fe80::1%eth0", ":::", "1::2::3", "localhost", "0x0a.0.0.1"})
    EXPECT_FALSE(IpAddress::parse(text).ok()) << text;
}

TEST(IpAddress, KnowsItsSpecialRanges) {
  EXPECT_TRUE(IpAddress::parse("127.1.2.3")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::parse("::2")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("224.0.0.1")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("255.255.255.255")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("ff02::1")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("169.254.1.1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("febf::1")->is_link_local());
  EXPECT_FALSE(IpAddress::parse("fec0::1")->is_link_local());
}

TEST(IpPrefix, MasksEveryLength) {
  const IpAddress all_ones = *IpAddress::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  for (unsigned length = 0; length <= 128; ++length) {
    const IpPrefix prefix = IpPrefix::masked(all_ones, length);
    for (unsigned bit = 0; bit < 128; ++bit) {
      const bool set = ((prefix.address().bytes()[bit / 8] >> (7 - bit % 8)) & 1) != 0;
      ASSERT_EQ(set, bit < length) << "length " << length << " bit " << bit;
    }
  }
}

TEST(IpPrefix, RefusesHostBitsAndNamesThePrefixThatWasMeant) {
  const auto prefix = IpPrefix::parse("10.1.2.3/16");
  ASSERT_FALSE(prefix.ok());
  EXPECT_NE(prefix.error().message.find("did you mean 10.1.0.0/16"), std::string::npos);
}

TEST(IpPrefix, RefusesWhatIsNotExactlyAPrefix) {
  for (const char* text :
       {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/08",
        "10.0.0.0/8x"})
    EXPECT_FALSE(IpPrefix::parse(text).ok()) << text;
}

TEST(IpPrefix, ContainsOnlyItsOwnFamily) {
  const IpPrefix all_v4 = *IpPrefix::parse("0.0.0.0/0");
  EXPECT_TRUE(all_v4.contains(*IpAddress::parse("1.2.3.4")));
  EXPECT_FALSE(all_v4.contains(*IpAddress::parse("::1")));
  EXPECT_TRUE(all_v4.overlaps(*IpPrefix::parse("10.0.0.0/8")));
  EXPECT_FALSE(IpPrefix::parse("10.0.0.0/9")->overlaps(*IpPrefix::parse("10.128.0.0/9")));
}

TEST(MacAddress, ReadsOnlyItsOneForm) {
  EXPECT_EQ(MacAddress::parse("aa:0F:00:01:02:ff")->text(), "aa:0f:00:01:02:ff");
  for (const char* text :
       {"", "aa:bb:cc:dd:ee", "aa-bb-cc-dd-ee-ff", "aa:bb:cc:dd:ee:fg", "aa:bb:cc:dd:ee:f "})
    EXPECT_FALSE(MacAddress::parse(text).ok()) << text;
}

}  // namespace
}  // namespace raven
