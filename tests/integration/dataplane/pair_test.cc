// Two dataplanes back to back: traffic, changes, ends.
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/dataplane/pair.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace raven::dataplane {
namespace {

using testing::HasSubstr;

TEST_F(DataplanePair, CarriesTrafficOfNodesAndOfTheBoxesThemselves) {
  start_both();
  EXPECT_EQ(node_a->try_in("ping -c 3 -i 0.2 -W 5 10.2.1.1"), 0) << "node to node";
  EXPECT_EQ(node_b->try_in("ping -c 3 -i 0.2 -W 5 10.1.1.1"), 0) << "and back";
  EXPECT_EQ(box_a->try_in("ping -c 3 -i 0.2 -W 5 10.2.1.1"), 0) << "box to node";
  EXPECT_EQ(box_a->try_in("ping -c 3 -i 0.2 -W 5 10.2.0.1"), 0) << "box to box";
  EXPECT_EQ(node_a->try_in("ping -c 2 -i 0.2 -W 5 -s 1300 10.2.1.1"), 0) << "near the MTU";
  EXPECT_EQ(node_b->try_in("ping -c 2 -i 0.2 -W 5 192.168.2.1"), 0) << "the box on its LAN";
  const auto statistics = box_a->client().statistics();
  ASSERT_TRUE(statistics.ok());
  EXPECT_GT(statistics->counters_size(), 50);
}

TEST_F(DataplanePair, ChangesNothingWhenTheSameStateComesAgain) {
  start_both();
  auto state = desired(kStateA);
  state.set_generation(2);
  const auto again = box_a->client().apply(state);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->changed());
  EXPECT_EQ(box_a->client().status()->generation(), 2u);
  state.set_generation(1);
  const auto stale = box_a->client().apply(state);
  ASSERT_FALSE(stale.ok());
  EXPECT_THAT(stale.error().message, HasSubstr("older than 2"));
}

TEST_F(DataplanePair, StaysWithTheOnlyGatewayOfAPoolWhenItIsGoneAndDropsOnceItHasNone) {
  start_both();
  box_b->signal(SIGKILL);
  box_b->wait();
  ASSERT_TRUE(eventually([this] { return !tunnel_up(*box_a); }));
  const std::string ping = "ping -c 2 -i 0.2 -W 1 10.2.1.1";
  EXPECT_EQ(box_a->client().status()->pools(0).active_peer(), "box-b");
  EXPECT_NE(node_a->try_in(ping), 0);
  EXPECT_EQ(drops(*box_a, "no_path"), 0) << "it went out, encrypted, to nobody";

  auto state = desired(kStateA);
  state.set_generation(2);
  state.mutable_remote_pools(0)->clear_gateways();
  ASSERT_TRUE(box_a->client().apply(state).ok());
  EXPECT_EQ(box_a->client().status()->pools(0).active_peer(), "");
  EXPECT_NE(node_a->try_in(ping), 0);
  EXPECT_GT(drops(*box_a, "no_path"), 0);
}

TEST_F(DataplanePair, RefusesASecondInstanceAndNamesTheHolder) {
  box_a->start();
  Box second{fmt::format("rvt{}x", getpid() % 100000), directory};
  std::filesystem::copy_file(box_a->path("config"), second.path("config"));
  second.launch();
  EXPECT_EQ(second.wait(), 75);
  EXPECT_THAT(second.log(), HasSubstr(std::to_string(box_a->pid())));
  EXPECT_TRUE(box_a->client().status().ok()) << "the first one must not notice";
}

TEST_F(DataplanePair, EndsInTimeOnSigtermAndLeavesThePrefixDropsInPlace) {
  start_both();
  const auto begin = std::chrono::steady_clock::now();
  box_a->signal(SIGTERM);
  EXPECT_EQ(box_a->wait(), 0) << box_a->log();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{2});
  EXPECT_EQ(box_a->try_in("sh -c 'nft list table netdev raven_wan | grep 10.2.0.0/16'"), 0);
  EXPECT_NE(box_a->try_in("sh -c 'nft list chain netdev raven_wan claimed | grep drop'"), 0);
}

}  // namespace
}  // namespace raven::dataplane
