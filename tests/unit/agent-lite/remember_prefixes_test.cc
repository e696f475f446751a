// Which prefixes stay blackholed when the status of another site is emptied.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent-lite/plan.h"
#include "tests/unit/agent-lite/sample_network.h"

namespace raven::agent_lite {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(RememberPrefixes, AreThoseOfTheOtherSites) {
  const RemotePrefixes remote = remember_prefixes({}, sample_network());
  EXPECT_THAT(remote, testing::SizeIs(1));
  EXPECT_THAT(remote.at("cloud"), ElementsAre(prefix("10.2.0.0/16"), prefix("fd02::/48")));
}

TEST(RememberPrefixes, StayWhileTheStatusOfTheSiteIsEmpty) {
  const RemotePrefixes before = remember_prefixes({}, sample_network());
  model::Network network = sample_network();
  network.pools[0].prefixes.clear();
  network.pools[0].gateways.clear();
  RemotePrefixes after = remember_prefixes(before, network);
  EXPECT_EQ(after, before);
  EXPECT_EQ(remember_prefixes(after, network), before);
}

TEST(RememberPrefixes, GoWithTheirGateway) {
  const RemotePrefixes before = remember_prefixes({}, sample_network());
  model::Network network = sample_network();
  network.pools.erase(network.pools.begin());
  network.own = 0;
  EXPECT_THAT(remember_prefixes(before, network), IsEmpty());
}

TEST(RememberPrefixes, GoWhenTheSiteSwitchesItsTunnelsOff) {
  const RemotePrefixes before = remember_prefixes({}, sample_network());
  model::Network network = sample_network();
  network.pools[0].tunnels_enabled = false;
  EXPECT_THAT(remember_prefixes(before, network), IsEmpty());
}

TEST(RememberPrefixes, OnePrefixThatIsWithdrawnIsForgotten) {
  const RemotePrefixes before = remember_prefixes({}, sample_network());
  model::Network network = sample_network();
  network.pools[0].prefixes = {prefix("10.2.0.0/16")};
  EXPECT_THAT(remember_prefixes(before, network).at("cloud"), ElementsAre(prefix("10.2.0.0/16")));
}

TEST(RememberPrefixes, YieldToWhoeverHasThemNow) {
  const RemotePrefixes before = remember_prefixes({}, sample_network());
  model::Network network = sample_network();
  network.pools[0].prefixes.clear();
  network.pools[1].prefixes.push_back(prefix("10.2.9.0/24"));
  EXPECT_THAT(remember_prefixes(before, network).at("cloud"), ElementsAre(prefix("fd02::/48")));
}

TEST(StatusWasEmptied, OnlyWhenTheGatewayIsThereAndListsNobody) {
  model::Network network = sample_network();
  EXPECT_FALSE(status_was_emptied("edge", network));
  network.pools[1].members.clear();
  EXPECT_TRUE(status_was_emptied("edge", network));
  network.pools[1].tunnels_enabled = false;
  EXPECT_FALSE(status_was_emptied("edge", network));
  network.pools.pop_back();
  EXPECT_FALSE(status_was_emptied("edge", network));
}

}  // namespace
}  // namespace raven::agent_lite
