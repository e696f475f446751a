// SPDX-License-Identifier: Apache-2.0
#include "common/model/prefix_claims.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace raven::model {
namespace {

IpPrefix prefix(const std::string& text) {
  return *IpPrefix::parse(text);
}

TEST(PrefixClaims, OwnerMayNestAndOthersMayNotOverlap) {
  PrefixClaims claims;
  EXPECT_FALSE(claims.claim(prefix("10.1.0.0/16"), "a"));
  EXPECT_FALSE(claims.claim(prefix("10.1.2.0/24"), "a"));
  EXPECT_FALSE(claims.claim(prefix("10.0.0.0/8"), "a"));
  EXPECT_FALSE(claims.claim(prefix("11.0.0.0/8"), "b"));
  EXPECT_FALSE(claims.claim(prefix("fd00::/8"), "b"));
  const auto inside = claims.claim(prefix("10.200.0.0/24"), "b");
  ASSERT_TRUE(inside);
  EXPECT_EQ(inside->owner, "a");
  EXPECT_EQ(inside->prefix, prefix("10.0.0.0/8"));
  const auto around = claims.claim(prefix("8.0.0.0/5"), "c");
  ASSERT_TRUE(around);
  EXPECT_TRUE(claims.claim(prefix("11.0.0.0/8"), "a")) << "the same prefix";
}

TEST(PrefixClaims, DecidesLikeAComparisonOfAllPairs) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random{seed};
    PrefixClaims claims;
    std::vector<std::pair<IpPrefix, std::string>> granted;
    for (int i = 0; i < 100; ++i) {
      // Few bits, so that much overlaps.
      const auto length = static_cast<unsigned>(4 + random() % 6);
      const IpAddress address = IpAddress::v4(static_cast<uint32_t>(random() % 1024) << 22);
      const IpPrefix wanted = IpPrefix::masked(address, length);
      const std::string owner(1, static_cast<char>('a' + random() % 3));
      const bool free = std::none_of(granted.begin(), granted.end(), [&](const auto& other) {
        return other.second != owner && other.first.overlaps(wanted);
      });
      const auto taken = claims.claim(wanted, owner);
      ASSERT_EQ(!taken.has_value(), free) << "seed " << seed << " " << wanted.text();
      if (taken) {
        EXPECT_TRUE(taken->prefix.overlaps(wanted));
        EXPECT_NE(taken->owner, owner);
      } else {
        granted.emplace_back(wanted, owner);
      }
    }
  }
}

}  // namespace
}  // namespace raven::model
