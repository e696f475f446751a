// Probes of many tunnels: spread over time, and what becomes of those that find no room.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/unit/dataplane/engine/fakes.h"

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Each;
using testing::Le;

constexpr unsigned kTunnels = 2000;
constexpr milliseconds kInterval{100}, kTick{10};

class ProberTest : public testing::Test {
 protected:
  ProberTest() {
    Desired state;
    std::vector<TunnelId> tunnels;
    for (uint32_t id = 1; id <= kTunnels; ++id) {
      state.peers.push_back({fmt::format("gw-{}", id), "", id});
      tunnels.emplace_back(id);
      path.living.insert(TunnelId{id});
    }
    EXPECT_TRUE(peers.add_new(state).empty());
    for (const auto& [tunnel, row] : peers.peers())
      path.writer().set_outbound(row.index, {}, WorkerId{0});
    prober.set_tunnels(tunnels);
  }

  // Each tick the worker has emptied its inbox, which has room for `room` probes.
  void run(std::chrono::nanoseconds time, std::size_t room = SIZE_MAX) {
    for (const Instant end = now + time; now < end; now += kTick) {
      path.room = room;
      const std::size_t before = path.sent.size();
      prober.take_turns(now);
      sent_by_tick.push_back(path.sent.size() - before);
    }
  }
  template <class Count>
  uint64_t sum(Count count) const {
    uint64_t total = 0;
    for (uint32_t id = 1; id <= kTunnels; ++id) total += count(*prober.selection().health(id));
    return total;
  }
  uint64_t up() const {
    return sum([](const TunnelHealth& health) { return health.up ? 1u : 0u; });
  }
  uint64_t downs() const {
    return sum([](const TunnelHealth& health) { return health.down_count; });
  }
  uint64_t probes_sent() const {
    return sum([](const TunnelHealth& health) { return health.probes_sent; });
  }

  test::Record record;
  test::FakePath path{
      record, {.routes_max = 16, .sas_max = 16, .tunnels_max = kTunnels, .adjacencies_max = 16}};
  PeerTables peers{path.writer(), [](TunnelId) {}};
  WorkerWatch workers{1};
  Prober prober{{{.loss_max = 3}, kInterval}, path, peers, workers};
  Instant now{std::chrono::hours{1}};
  std::vector<std::size_t> sent_by_tick;
};

TEST_F(ProberTest, SpreadsTheProbesOfAllTunnelsOverTheInterval) {
  run(kInterval + kTick);
  EXPECT_THAT(sent_by_tick, Each(Le(kTunnels * kTick / kInterval)));
  std::ranges::sort(path.sent);
  path.sent.erase(std::unique(path.sent.begin(), path.sent.end()), path.sent.end());
  EXPECT_EQ(path.sent.size(), kTunnels) << "each had its turn";
  const std::size_t first = path.sent.size();
  path.sent.clear();
  run(10 * kInterval);
  EXPECT_EQ(path.sent.size(), 10 * first);
  EXPECT_EQ(up(), kTunnels);
}

TEST_F(ProberTest, AnInboxTooSmallForAllProbesTakesNoTunnelDown) {
  run(seconds{10}, 128);
  EXPECT_EQ(up(), kTunnels);
  EXPECT_EQ(downs(), 0u);
  EXPECT_GT(path.refused, 0u);
  EXPECT_EQ(probes_sent(), path.sent.size()) << "only those that left";
}

TEST_F(ProberTest, AnInboxThatIsFullForAWhileTakesNoTunnelDown) {
  run(seconds{1});
  const uint64_t before = probes_sent();
  run(seconds{1}, 0);
  EXPECT_EQ(probes_sent(), before);
  run(seconds{1});
  EXPECT_EQ(up(), kTunnels);
  EXPECT_EQ(downs(), 0u);
}

TEST_F(ProberTest, FindsATunnelDownWhoseProbesLeaveAndAreNotAnswered) {
  run(seconds{1}, 128);
  path.living.erase(TunnelId{77});
  run(seconds{1}, 128);
  EXPECT_FALSE(prober.is_up(TunnelId{77}));
  EXPECT_EQ(downs(), 1u);
}

TEST_F(ProberTest, AWorkerThatStandsStillTakesItsTunnelsDown) {
  run(seconds{1});
  workers.look(0, path.counters(WorkerId{0}), now);
  workers.look(0, path.counters(WorkerId{0}), now + seconds{1});
  run(seconds{1}, 0);
  EXPECT_EQ(up(), 0u);
}

TEST_F(ProberTest, ATunnelWithoutKeysGoesDownButNothingWasSent) {
  run(seconds{1});
  const uint64_t before = prober.selection().health(77)->probes_sent;
  path.keyless.insert(TunnelId{77});
  run(seconds{1});
  EXPECT_FALSE(prober.is_up(TunnelId{77}));
  EXPECT_EQ(prober.selection().health(77)->probes_sent, before);
}

}  // namespace
}  // namespace raven::dataplane
