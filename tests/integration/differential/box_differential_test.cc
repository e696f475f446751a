// The whole packet path against the oracle: the same packets, the same bytes out, the same drops.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/integration/differential/scene_runner.h"

namespace raven::dataplane::test {
namespace {

using raven::test::Random;
using raven::test::RandomCases;

constexpr uint64_t kPackets = 20'000;  // RAVEN_TEST_CASES in the release build: 1'000'000

// Without packets that end in each of these ways the test would have lost its point.
constexpr const char* kWays[] = {
    "port 0",
    "tunnel",
    "raven0",
    "kernel 0",
    "pieces",
    "moved",
    "worker 1",
    "drop blackhole",
    "drop clear_text",
    "drop dummy",
    "drop ecn",
    "drop esp_align",
    "drop esp_short",
    "drop frag_duplicate",
    "drop frag_merged",
    "drop frag_overlap",
    "drop frag_timeout",
    "drop hairpin",
    "drop icv",
    "drop inner_malformed",
    "drop malformed",
    "drop mtu",
    "drop natt_keepalive",
    "drop natt_port",
    "drop next_header",
    "drop no_neighbour",
    "drop no_path",
    "drop no_route",
    "drop no_sa",
    "drop not_gateway",
    "drop outer_fragment",
    "drop outer_malformed",
    "drop pad",
    "drop probe_answer",
    "drop probe_malformed",
    "drop probe_peer",
    "drop replay_dup",
    "drop replay_old",
    "drop seq_exhausted",
    "drop source_route",
    "drop spi_reserved",
    "drop spi_unknown",
    "drop spoof",
    "drop ttl",
    "drop vxlan_flags",
    "drop vxlan_inner",
    "drop vxlan_peer",
    "drop vxlan_vni",
};

std::string kind_name(const testing::TestParamInfo<std::tuple<bool, bool>>& row) {
  const auto [shared, one_port] = row.param;
  return std::string{one_port ? "OnePort" : "TwoPorts"} + (shared ? "Shared" : "Owned");
}

class BoxDifferential : public testing::TestWithParam<std::tuple<bool, bool>> {};

// One case is a scene: a new tunnel, and some bursts of packets in both directions.
TEST_P(BoxDifferential, PacketsEndWhereTheOracleSays) {
  const auto [shared, one_port] = GetParam();
  const RandomCases cases = RandomCases::from_environment(kPackets);
  SceneRunner runner{shared, one_port};
  uint64_t packets = 0;
  for (uint64_t index = cases.first; packets < cases.count / 4; ++index) {
    const Scene scene = runner.scene(Random{cases.seed, index});
    // Twice, as fragments time out if this process has to wait for a second.
    if (!runner.play(scene).empty() && !runner.play(scene).empty()) {
      const Scene less = runner.shrunk(scene);
      FAIL() << cases.repeat(index) << "\n" << text_of(less) << runner.play(less);
    }
    packets += scene.packets();
    if (cases.alone) break;
  }
  if (cases.alone) return;
  for (const char* way : kWays)
    EXPECT_GT(runner.tally().count(way), 0u) << "none ended so: " << way;
}

INSTANTIATE_TEST_SUITE_P(
    Boxes, BoxDifferential, testing::Combine(testing::Bool(), testing::Bool()), kind_name
);

}  // namespace
}  // namespace raven::dataplane::test
