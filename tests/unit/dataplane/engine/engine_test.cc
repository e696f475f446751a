// The order in which the engine brings a change about: new in, switch, old out.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/lib/temporary_folder.h"
#include "tests/unit/dataplane/engine/fakes.h"

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Pool "edge" with the prefix 10.2.0.0/16 behind the gateways of these tunnels, in this order.
dpapi::v1::DesiredState state(uint64_t generation, const std::vector<uint32_t>& tunnels) {
  dpapi::v1::DesiredState state;
  state.set_generation(generation);
  state.set_pool("here");
  auto& pool = *state.add_remote_pools();
  pool.set_name("edge");
  pool.add_prefixes("10.2.0.0/16");
  for (const uint32_t tunnel : tunnels) {
    auto& peer = *state.add_peers();
    peer.set_name(fmt::format("gw-{}", tunnel));
    peer.set_pool("edge");
    peer.set_tunnel_id(tunnel);
    pool.add_gateways(peer.name());
  }
  return state;
}

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    settings.state_dir = folder.path();
    settings.sockets.sa.clear();
    settings.keep_sas = false;
    settings.static_sa_file = folder.file("sas.yaml");
    settings.tables = {.routes_max = 4, .sas_max = 16, .tunnels_max = 4, .adjacencies_max = 16};
    settings.probe_interval_ms = 10;
    write_sas();
    start();
  }

  // An SA for each direction of tunnels 7 and 8.
  void write_sas() {
    {
      std::ofstream file{settings.static_sa_file};
      file << "sas:\n";
      for (const unsigned tunnel : {7u, 8u}) {
        const std::string far = fmt::format("198.51.100.{}", tunnel);
        for (const bool out : {false, true})
          file << fmt::format(
              "  - {{tunnel_id: {}, direction: {}, spi: {}, key: \"{:040x}\", source: {}, "
              "destination: {}}}\n",
              tunnel, out ? "out" : "in", 4096 + 2 * tunnel + out, 2 * tunnel + out,
              out ? "192.0.2.1" : far, out ? far : "192.0.2.1"
          );
      }
    }
    ::chmod(settings.static_sa_file.c_str(), 0600);
  }
  void start() {
    engine.reset();
    path = std::make_unique<test::FakePath>(record, settings.tables);
    Result<std::unique_ptr<Engine>> started =
        Engine::start(loop, settings, *path, next_hops, filter);
    ASSERT_TRUE(started.ok()) << started.error().message;
    engine = std::move(started).value();
  }
  // What applying it does, step by step.
  test::Record apply(const dpapi::v1::DesiredState& wanted) {
    record.clear();
    const Result<Engine::Applied> applied = engine->apply(wanted);
    EXPECT_TRUE(applied.ok()) << applied.error().message;
    return record;
  }
  // Runs the loop until the condition holds; fails after some seconds.
  void run_until(const std::function<bool()>& condition) {
    const event::TimerId poll = loop.call_every(milliseconds{5}, [&] {
      if (condition()) loop.stop();
    });
    const event::TimerId patience = loop.call_after(std::chrono::seconds{20}, [&] { loop.stop(); });
    loop.run();
    loop.cancel(poll);
    loop.cancel(patience);
    EXPECT_TRUE(condition());
  }
  Target route_to(const char* address) {
    return path->tables().topology.read()->fib.lookup(IpAddress::parse(address).value());
  }
  uint32_t tunnel_of(const char* address) {
    const PeerIndex peer = path->tables().pools.selected(PoolIndex{route_to(address).index});
    return peer == kNoPeer ? 0 : path->tables().peers[peer].tunnel_id.load();
  }

  raven::test::TemporaryFolder folder;
  Settings settings;
  event::Loop loop;
  test::Record record;
  std::unique_ptr<test::FakePath> path;
  test::FakeNextHops next_hops{record};
  test::FakeFilter filter{record};
  std::unique_ptr<Engine> engine;
};

TEST_F(EngineTest, PutsPeersAndTheirKeysInBeforeTheRoutesThatLeadToThem) {
  EXPECT_THAT(
      apply(state(1, {7, 8})),
      ElementsAre(
          "filter", "add pool 0", "pool 0 by nobody", "add peer 7", "add peer 8", "inbound SAs",
          "outbound SAs of peer 7", "outbound SAs of peer 8", "routes", "pool 0 by peer 7",
          "keep 2 next hops"
      )
  );
  EXPECT_EQ(tunnel_of("10.2.0.1"), 7u);
}

TEST_F(EngineTest, SwitchesAPoolToTheNewPeerBeforeTheOldOneGoes) {
  apply(state(1, {7}));
  EXPECT_THAT(
      apply(state(2, {8})),
      ElementsAre(
          "add peer 8", "inbound SAs", "outbound SAs of peer 7", "outbound SAs of peer 8", "routes",
          "pool 0 by peer 8", "inbound SAs", "outbound SAs of peer 8", "remove peer 7",
          "keep 1 next hops"
      )
  );
  EXPECT_EQ(tunnel_of("10.2.0.1"), 8u);
}

TEST_F(EngineTest, TakesThePeersAndThePoolOutAfterTheirRoutes) {
  apply(state(1, {7}));
  dpapi::v1::DesiredState nothing;
  nothing.set_generation(2);
  nothing.set_pool("here");
  EXPECT_THAT(
      apply(nothing),
      ElementsAre(
          "filter", "routes", "inbound SAs", "remove peer 7", "remove pool 0", "keep 0 next hops"
      )
  );
  EXPECT_EQ(route_to("10.2.0.1").kind, TargetKind::kNone);
}

TEST_F(EngineTest, RefusesAnOlderGenerationAndChangesNothing) {
  apply(state(5, {7}));
  record.clear();
  const Result<Engine::Applied> older = engine->apply(state(4, {8}));
  ASSERT_FALSE(older.ok());
  EXPECT_EQ(older.error().code, ErrorCode::kConflict);
  EXPECT_THAT(record, IsEmpty());
  EXPECT_EQ(engine->view().generation, 5u);
  start();
  EXPECT_EQ(tunnel_of("10.2.0.1"), 7u) << "kept for the next start, too";
}

TEST_F(EngineTest, RefusesMorePrefixesThanTheTableHoldsAndChangesNothing) {
  apply(state(1, {7}));
  record.clear();
  dpapi::v1::DesiredState large = state(2, {8});
  for (int i = 0; i < 4; ++i)
    large.mutable_remote_pools(0)->add_prefixes(fmt::format("10.{}.0.0/16", 20 + i));
  const Result<Engine::Applied> applied = engine->apply(large);
  ASSERT_FALSE(applied.ok());
  EXPECT_THAT(applied.error().message, HasSubstr("tables.routes_max"));
  EXPECT_THAT(record, IsEmpty());
  EXPECT_EQ(engine->view().generation, 1u);
}

TEST_F(EngineTest, TakesTheGenerationButTouchesNothingWhenTheWishesAreTheSame) {
  apply(state(1, {7}));
  record.clear();
  const Result<Engine::Applied> again = engine->apply(state(2, {7}));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->changed);
  EXPECT_THAT(record, IsEmpty());
  EXPECT_EQ(engine->view().generation, 2u);
}

TEST_F(EngineTest, AppliesTheStateOfThePreviousRunAtStart) {
  apply(state(3, {8}));
  start();
  EXPECT_EQ(engine->view().generation, 3u);
  EXPECT_EQ(tunnel_of("10.2.0.1"), 8u);
}

TEST_F(EngineTest, DropsTheClusterUntilSomebodySaysWhatIsWhose) {
  settings.state_dir = folder.file("empty");
  settings.cluster_cidrs = {IpPrefix::parse("10.0.0.0/8").value()};
  start();
  EXPECT_EQ(route_to("10.2.0.1").kind, TargetKind::kDrop);
  apply(state(1, {7}));
  EXPECT_EQ(route_to("10.2.0.1").kind, TargetKind::kRemotePool);
  EXPECT_EQ(route_to("10.3.0.1").kind, TargetKind::kNone);
}

TEST_F(EngineTest, ReportsAFilterThatFailsAndTriesAgainUntilItHolds) {
  const auto about_filter = Contains(Field(&ItemError::item, "kernel filter"));
  filter.failures = 2;
  const Result<Engine::Applied> applied = engine->apply(state(1, {7}));
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(applied->errors, about_filter);
  EXPECT_THAT(engine->view().errors, about_filter);
  run_until([&] { return !filter.closed.empty(); });
  EXPECT_THAT(engine->view().errors, Not(about_filter));
}

TEST_F(EngineTest, NamesThePeersThatFindNoSlotAndServesTheOthers) {
  const Result<Engine::Applied> applied = engine->apply(state(1, {7, 1, 2, 3, 8}));
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(applied->errors, ElementsAre(Field(&ItemError::item, "peer gw-8")));
  EXPECT_EQ(tunnel_of("10.2.0.1"), 7u);
}

TEST_F(EngineTest, FollowsTheAnswersOfProbes) {
  apply(state(1, {7, 8}));
  path->living = {TunnelId{8}};
  run_until([&] { return tunnel_of("10.2.0.1") == 8; });
  path->living = {TunnelId{7}, TunnelId{8}};
  run_until([&] { return engine->view().selection.health(7)->up; });
  path->living = {TunnelId{7}};
  run_until([&] { return tunnel_of("10.2.0.1") == 7; });
  EXPECT_EQ(engine->view().selection.health(8)->down_count, 1u);
}

TEST_F(EngineTest, PublishesTheRoutesAgainOnlyWhenWhatTheyHoldOfANodeChanged) {
  dpapi::v1::DesiredState wanted = state(1, {7});
  auto& node = *wanted.add_local_nodes();
  node.set_name("node-1");
  node.set_address("10.9.0.11");
  node.add_prefixes("10.1.2.0/24");
  apply(wanted);
  record.clear();
  next_hops.tell_of_change();
  EXPECT_THAT(record, IsEmpty());
  next_hops.change_source(IpAddress::v4(0x0a090001));
  EXPECT_THAT(record, ElementsAre("routes"));
}

}  // namespace
}  // namespace raven::dataplane
