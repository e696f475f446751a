// Which prefixes stay blackholed when the status of a site is emptied.
// SPDX-License-Identifier: Apache-2.0
#include "common/model/remote_prefixes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/model/two_pools.h"

namespace raven::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class RemotePrefixesTest : public TwoPools {
 protected:
  RemotePrefixesTest() { before_ = remember_prefixes({}, network_); }
  void empty(Pool& pool) {
    pool.members.clear();
    pool.prefixes.clear();
  }
  // The own status lists nobody: then this node is in no pool.
  Network without_own() {
    Network now = network_;
    empty(now.pools[1]);
    now.own.reset();
    return now;
  }

  RemotePrefixes before_;
};

TEST_F(RemotePrefixesTest, AreThoseOfTheOtherSites) {
  EXPECT_THAT(before_, SizeIs(1));
  EXPECT_THAT(
      before_.at("cloud").prefixes, ElementsAre(prefix("10.2.0.0/16"), prefix("fd02::/48"))
  );
}

TEST_F(RemotePrefixesTest, AreNoneWithoutTunnelsHereOrThere) {
  cloud().tunnels_enabled = false;
  EXPECT_THAT(remember_prefixes(before_, network_), IsEmpty());
  cloud().tunnels_enabled = true;
  edge().tunnels_enabled = false;
  EXPECT_THAT(remember_prefixes(before_, network_), IsEmpty());
}

TEST_F(RemotePrefixesTest, AreNoneForANodeInNoSite) {
  EXPECT_THAT(remember_prefixes(before_, without_own()), IsEmpty());
}

TEST_F(RemotePrefixesTest, StayWhileTheStatusOfTheSiteIsEmpty) {
  empty(cloud());
  const RemotePrefixes after = remember_prefixes(before_, network_);
  EXPECT_EQ(after, before_);
  EXPECT_EQ(remember_prefixes(after, network_), before_);
}

// The annotation outlives the status when a Gateway is re-created from an export.
TEST_F(RemotePrefixesTest, StayWhileTheStatusIsEmptyThoughOthersWereRefused) {
  empty(cloud());
  cloud().refused = {prefix("10.9.0.0/16")};
  const RemotePrefixes now = remember_prefixes(before_, network_);
  EXPECT_EQ(now.at("cloud").prefixes, before_.at("cloud").prefixes);
  EXPECT_THAT(now.at("cloud").refused, ElementsAre(prefix("10.9.0.0/16")));
}

TEST_F(RemotePrefixesTest, YieldToANodeOfOurOwnThatLivesThere) {
  empty(cloud());
  edge().members[0].private_address = IpAddress::parse("10.2.7.7").value();
  EXPECT_THAT(
      remember_prefixes(before_, network_).at("cloud").prefixes, ElementsAre(prefix("fd02::/48"))
  );
}

TEST_F(RemotePrefixesTest, GoWithTheirGateway) {
  network_.pools.erase(network_.pools.begin());
  network_.own = 0;
  EXPECT_THAT(remember_prefixes(before_, network_), IsEmpty());
}

TEST_F(RemotePrefixesTest, OnePrefixThatIsWithdrawnIsForgotten) {
  cloud().prefixes = {prefix("10.2.0.0/16")};
  EXPECT_THAT(
      remember_prefixes(before_, network_).at("cloud").prefixes, ElementsAre(prefix("10.2.0.0/16"))
  );
}

TEST_F(RemotePrefixesTest, YieldToWhoeverHasThemNow) {
  empty(cloud());
  edge().prefixes.push_back(prefix("10.2.9.0/24"));
  EXPECT_THAT(
      remember_prefixes(before_, network_).at("cloud").prefixes, ElementsAre(prefix("fd02::/48"))
  );
}

TEST_F(RemotePrefixesTest, RefusedOnesStayTooWhileTheStatusIsEmpty) {
  cloud().refused = {prefix("10.7.0.0/16")};
  before_ = remember_prefixes({}, network_);
  empty(cloud());
  cloud().refused.clear();
  EXPECT_EQ(remember_prefixes(before_, network_), before_);
}

using OwnStatusWasEmptied = RemotePrefixesTest;

TEST_F(OwnStatusWasEmptied, IsSoWhileTheGatewayOfThisNodeListsNobody) {
  EXPECT_FALSE(own_status_was_emptied(network_, network_));
  EXPECT_TRUE(own_status_was_emptied(network_, without_own()));
}

TEST_F(OwnStatusWasEmptied, IsNotSoForANodeThatWasInNoSite) {
  EXPECT_FALSE(own_status_was_emptied({}, without_own()));
}

TEST_F(OwnStatusWasEmptied, IsNotSoWhenThisNodeLeftOrTheSiteIsGoneOrWithoutTunnels) {
  Network left = without_own();
  left.pools[1].members = {{"another", {}, {}}};
  EXPECT_FALSE(own_status_was_emptied(network_, left));
  Network closed = without_own();
  closed.pools[1].tunnels_enabled = false;
  EXPECT_FALSE(own_status_was_emptied(network_, closed));
  Network gone = without_own();
  gone.pools.pop_back();
  EXPECT_FALSE(own_status_was_emptied(network_, gone));
}

}  // namespace
}  // namespace raven::model
