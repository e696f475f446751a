// Random histories: whatever happens to the boxes, the invariants of an election hold.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ctrl/controller/election.h"

namespace raven::controller {
namespace {

using std::chrono::seconds;

// A second, plain reading of the rules, to hold the election against.
bool needs_heartbeat(const Ballot& ballot) {
  if (!ballot.by_heartbeat) return false;
  for (const Candidate& box : ballot.candidates)
    if (box.in_pool && box.pulse != Pulse::kNone) return true;
  return false;
}

bool eligible(const Ballot& ballot, const Candidate& box) {
  const bool alive = box.pulse != Pulse::kNone && box.pulse != Pulse::kStale;
  return box.in_pool && box.ready && (alive || !needs_heartbeat(ballot));
}

class History {
 public:
  explicit History(uint64_t seed) : random_{seed} {
    ballot_.by_heartbeat = chance(70);
    const std::size_t boxes = 1 + random_() % 5;
    for (std::size_t i = 0; i < boxes; ++i)
      ballot_.candidates.push_back({std::string(1, static_cast<char>('a' + i))});
  }

  void step() {
    if (chance(5)) ballot_.replicas = random_() % 4;
    if (chance(10)) std::ranges::shuffle(ballot_.candidates, random_);
    const bool all_at_once = chance(5);
    const auto pulse = static_cast<Pulse>(random_() % 5);
    for (Candidate& box : ballot_.candidates) {
      if (chance(5)) box.in_pool = !box.in_pool;
      if (chance(15)) box.ready = !box.ready;
      if (chance(30)) box.pulse = static_cast<Pulse>(random_() % 5);
      if (all_at_once) box.pulse = pulse;
    }
    now_ += seconds{random_() % 20};
    before_ = ballot_.active;
    outcome_ = election_.run(ballot_, now_);
    ballot_.active = outcome_.active;
  }

  void check() const {
    const auto& active = ballot_.active;
    EXPECT_LE(active.size(), ballot_.replicas);
    EXPECT_TRUE(std::ranges::is_sorted(active));
    EXPECT_EQ(std::ranges::adjacent_find(active), active.end());
    for (const std::string& node : active) check_active(node);
    check_no_empty_seat_beside_a_waiting_box();
  }

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }

  void check_active(const std::string& node) const {
    const auto box = std::ranges::find(ballot_.candidates, node, &Candidate::node);
    ASSERT_NE(box, ballot_.candidates.end());
    EXPECT_TRUE(box->in_pool);
    if (eligible(ballot_, *box)) return;
    // Not eligible: only an incumbent may be kept, and it is said so.
    EXPECT_NE(std::ranges::find(before_, node), before_.end()) << node << " is new";
    EXPECT_EQ(outcome_.standing.at(node), Standing::kKept);
  }

  void check_no_empty_seat_beside_a_waiting_box() const {
    if (ballot_.active.size() >= ballot_.replicas) return;
    for (const auto& [node, standing] : outcome_.standing) {
      EXPECT_NE(standing, Standing::kStandby) << node;
      EXPECT_NE(standing, Standing::kHeldDown) << node;
    }
  }

  std::mt19937_64 random_;
  Election election_{ElectionConfig{}};
  Ballot ballot_{1, true, {}, {}};
  Instant now_{seconds{1}};
  std::vector<std::string> before_;
  Outcome outcome_;
};

TEST(ElectionProperty, HoldsInRandomHistories) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history{seed};
    for (int i = 0; i < 200 && !::testing::Test::HasFailure(); ++i) {
      history.step();
      history.check();
    }
  }
}

}  // namespace
}  // namespace raven::controller
