// SPDX-License-Identifier: Apache-2.0
#include "common/base/blocked_prefixes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raven {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

TEST(Block, KeepsTheOutermostOfBothWithHolesThatLieInside) {
  const BlockedPrefixes blocked = block(
      {prefix("fd09::/16"), prefix("10.0.0.0/22"), prefix("10.0.2.128/25")},
      {prefix("10.0.1.0/24"), prefix("10.0.1.7/32"), prefix("10.9.0.0/16")}
  );
  EXPECT_THAT(blocked.prefixes, ElementsAre(prefix("10.0.0.0/22"), prefix("fd09::/16")));
  EXPECT_THAT(blocked.holes, ElementsAre(prefix("10.0.1.0/24")));
}

TEST(Block, LeavesOutWhatIsWithinOrEqualToAHole) {
  const BlockedPrefixes blocked = block(
      {prefix("10.0.1.0/24"), prefix("10.0.2.0/24"), prefix("10.0.0.0/8")},
      {prefix("10.0.0.0/16"), prefix("10.0.0.0/8")}
  );
  EXPECT_THAT(blocked.prefixes, IsEmpty());
  EXPECT_THAT(blocked.holes, IsEmpty());
}

}  // namespace
}  // namespace raven
