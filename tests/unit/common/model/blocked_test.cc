// What is blocked, and which holes that has.
// SPDX-License-Identifier: Apache-2.0
#include "common/model/blocked.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/model/two_pools.h"

namespace raven::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BlockedPrefixesTest : public TwoPools {
 protected:
  BlockedPrefixes blocked() {
    remote_ = remember_prefixes(remote_, network_);
    return blocked_prefixes(remote_, network_);
  }

  RemotePrefixes remote_;
};

TEST_F(BlockedPrefixesTest, AreWhatWasRefusedAndNobodyHas) {
  EXPECT_EQ(blocked(), BlockedPrefixes{});
  cloud().refused = {prefix("10.7.0.0/16"), prefix("10.0.0.0/8"), prefix("10.2.3.0/24")};
  edge().prefixes.clear();
  EXPECT_THAT(blocked().prefixes, ElementsAre(prefix("10.0.0.0/8")));
  cloud().refused = {prefix("10.7.0.0/16"), prefix("10.2.3.0/24")};
  EXPECT_THAT(blocked().prefixes, ElementsAre(prefix("10.7.0.0/16")))
      << "10.2.3.0/24 is the cloud's, which routes it";
}

TEST_F(BlockedPrefixesTest, LeaveOpenWhatOurOwnPoolUsesWhoeverGotIt) {
  edge().prefixes = {prefix("10.8.1.0/24")};
  edge().refused = {prefix("10.8.0.0/24"), prefix("10.9.0.0/16")};
  cloud().refused = {prefix("10.8.0.0/22"), prefix("10.9.5.0/24"), prefix("10.8.1.128/25")};
  EXPECT_THAT(blocked().prefixes, ElementsAre(prefix("10.8.0.0/22")));
  EXPECT_THAT(blocked().holes, ElementsAre(prefix("10.8.0.0/24"), prefix("10.8.1.0/24")));
  EXPECT_THAT(without_holes(blocked()), ElementsAre(prefix("10.8.2.0/23")));
}

TEST_F(BlockedPrefixesTest, LeaveOpenTheNodesOfOurOwnPool) {
  cloud().refused = {prefix("192.168.0.0/16")};
  edge().members[0].private_address = IpAddress::parse("192.168.7.5").value();
  EXPECT_THAT(blocked().holes, ElementsAre(prefix("192.168.7.5/32")));
}

// 300 blocks scattered over a /8 leave more than 19 000 prefixes around them.
TEST_F(BlockedPrefixesTest, AreNotCutUpAroundManyHoles) {
  edge().prefixes.clear();
  for (uint32_t i = 0; i < 300; ++i) {
    uint8_t bytes[16] = {0xfd, 0, static_cast<uint8_t>(i * 37), static_cast<uint8_t>(i >> 2)};
    bytes[15] = static_cast<uint8_t>(i << 6);
    edge().prefixes.push_back(IpPrefix::masked(IpAddress::v6_bytes(bytes), 122));
  }
  cloud().refused = {prefix("fd00::/8")};
  cloud().prefixes = {prefix("10.2.0.0/16")};
  EXPECT_THAT(blocked().prefixes, ElementsAre(prefix("fd00::/8")));
  EXPECT_EQ(blocked().holes.size(), 300u);
}

TEST_F(BlockedPrefixesTest, AreNoneOfOurOwnPool) {
  edge().refused = {prefix("10.7.0.0/16")};
  EXPECT_THAT(blocked().prefixes, IsEmpty());
}

// Nobody has 10.2.0.0/16 at the moment, but it is remembered as the cloud's.
TEST_F(BlockedPrefixesTest, HaveNoHoleInWhatAPoolWithoutAStatusHad) {
  blocked();
  cloud().members.clear();
  cloud().prefixes.clear();
  cloud().refused = {prefix("10.0.0.0/8")};
  edge().refused = {prefix("10.2.7.0/24"), prefix("10.3.0.0/24")};
  EXPECT_THAT(blocked().holes, ElementsAre(prefix("10.1.5.0/24"), prefix("10.3.0.0/24")));
}

TEST_F(BlockedPrefixesTest, AWideClaimOfOurOwnOpensNothing) {
  edge().refused = {prefix("10.0.0.0/8")};
  EXPECT_THAT(
      blocked_networks({prefix("10.2.0.0/16")}, network_), ElementsAre(prefix("10.2.0.0/16"))
  );
}

TEST_F(BlockedPrefixesTest, OfTheClusterAreWhatOurOwnPoolDoesNotUse) {
  edge().refused = {prefix("10.1.6.0/24")};
  EXPECT_THAT(
      blocked_networks({prefix("10.1.4.0/22"), prefix("fd42::/48")}, network_),
      ElementsAre(prefix("10.1.4.0/24"), prefix("10.1.7.0/24"), prefix("fd42::/48"))
  );
  EXPECT_THAT(blocked_networks({prefix("10.1.4.0/22")}, {}), ElementsAre(prefix("10.1.4.0/22")));
}

}  // namespace
}  // namespace raven::model
