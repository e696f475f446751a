// TableWriter: slots are given out, taken back when no worker can hold them, and given out again.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/table_writer.h"

#include <gtest/gtest.h>

#include <set>

namespace raven::dataplane {
namespace {

class TableWriterTest : public testing::Test {
 protected:
  TableWriterTest()
      : tables_{{.routes_max = 16, .sas_max = 16, .tunnels_max = 3, .adjacencies_max = 2}},
        quiescence_{std::move(Quiescence::create(1)).value()},
        writer_{tables_, *quiescence_} {}

  Tables tables_;
  std::unique_ptr<Quiescence> quiescence_;
  TableWriter writer_;
};

TEST_F(TableWriterTest, FullTableNamesTheSetting) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(writer_.add_adjacency().ok());
  const Result<AdjacencyIndex> none = writer_.add_adjacency();
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("tables.adjacencies_max"), std::string::npos);
}

TEST_F(TableWriterTest, RemovedSlotIsReusedOnlyWhenNoWorkerCanHoldItsIndex) {
  std::set<PeerIndex> given;
  for (uint32_t id = 1; id <= 3; ++id) given.insert(*writer_.add_peer(id, kNoPool));
  EXPECT_EQ(given.size(), 3u);
  quiescence_->online(WorkerId{0});
  const PeerIndex removed = *given.begin();
  writer_.remove_peer(removed);
  EXPECT_EQ(tables_.peers[removed].tunnel_id.load(), 0u);
  writer_.reclaim();
  EXPECT_FALSE(writer_.add_peer(4, kNoPool).ok());
  quiescence_->quiescent(WorkerId{0});
  writer_.reclaim();
  EXPECT_EQ(*writer_.add_peer(4, kNoPool), removed);
  quiescence_->offline(WorkerId{0});
}

TEST_F(TableWriterTest, RemovedPoolHasNoPath) {
  const PoolIndex pool = *writer_.add_pool();
  const PeerIndex peer = *writer_.add_peer(1, pool);
  writer_.select_peer(pool, peer);
  EXPECT_EQ(tables_.pools.selected(pool), peer);
  writer_.remove_pool(pool);
  EXPECT_EQ(tables_.pools.selected(pool), kNoPeer);
}

TEST_F(TableWriterTest, AdjacencyKeepsMacAndPort) {
  const AdjacencyIndex index = *writer_.add_adjacency();
  EXPECT_FALSE(tables_.adjacencies.read(index).resolved());
  const MacAddress mac = *MacAddress::parse("02:00:5e:10:20:ff");
  writer_.set_adjacency(index, Adjacency::make(mac, PortIndex{7}));
  const Adjacency adjacency = tables_.adjacencies.read(index);
  EXPECT_TRUE(adjacency.resolved());
  EXPECT_EQ(adjacency.mac(), mac);
  EXPECT_EQ(adjacency.port(), PortIndex{7});
  writer_.remove_adjacency(index);
  EXPECT_FALSE(tables_.adjacencies.read(index).resolved());
  EXPECT_FALSE(tables_.adjacencies.read(kNoAdjacency).resolved());
}

}  // namespace
}  // namespace raven::dataplane
