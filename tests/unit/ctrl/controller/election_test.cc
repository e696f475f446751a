// Election, rule by rule: Raven's first, then ours.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/election.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace raven::controller {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A pool whose boxes are set by hand; run() carries the result over to the next round.
class ElectionTest : public ::testing::Test {
 protected:
  Candidate& box(const std::string& node) {
    for (Candidate& candidate : ballot_.candidates)
      if (candidate.node == node) return candidate;
    ballot_.candidates.push_back({node, true, true, Pulse::kNone});
    return ballot_.candidates.back();
  }
  void pulse(const std::string& node, Pulse pulse) { box(node).pulse = pulse; }
  const std::vector<std::string>& run(seconds later = seconds{0}) {
    now_ += later;
    outcome_ = election_.run(ballot_, now_);
    ballot_.active = outcome_.active;
    return ballot_.active;
  }
  Standing standing(const std::string& node) const { return outcome_.standing.at(node); }

  // A first round with these boxes: ready, and with or without a Lease.
  void begin(const std::vector<std::string>& nodes) {
    for (const std::string& node : nodes) box(node);
    run();
  }
  void begin_with_heartbeats(const std::vector<std::string>& nodes) {
    for (const std::string& node : nodes) pulse(node, Pulse::kFresh);
    run();
  }
  void lose(const std::string& node) {
    box(node).ready = false;
    run(seconds{1});
  }
  void lose_and_regain(const std::string& node) {
    lose(node);
    box(node).ready = true;
    run(seconds{1});
  }
  // The line to the site is cut, then "b" is heard again.
  void cut_off_until_b_is_heard() {
    begin_with_heartbeats({"a", "b"});
    pulse("a", Pulse::kStale), pulse("b", Pulse::kStale);
    run(seconds{4});
    pulse("b", Pulse::kFresh);
  }
  // How often the seat moves in `rounds` of five seconds, with `change` before each.
  int switches_in(int rounds, const std::function<void(int)>& change) {
    int switches = 0;
    for (int i = 0; i < rounds; ++i) {
      change(i);
      run(seconds{5});
      switches += outcome_.switched ? 1 : 0;
      EXPECT_EQ(ballot_.active.size(), 1u);
    }
    return switches;
  }

  Election election_{ElectionConfig{seconds{30}, seconds{5}}};
  Ballot ballot_{1, true, {}, {}};
  Instant now_{seconds{1000}};
  Outcome outcome_;
};

TEST_F(ElectionTest, an_empty_pool_elects_nobody) {
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_FALSE(outcome_.cut_off);
}

TEST_F(ElectionTest, the_first_endpoint_of_the_list_wins) {
  box("b"), box("a");
  EXPECT_THAT(run(), ElementsAre("b"));
  EXPECT_EQ(standing("b"), Standing::kActive);
  EXPECT_EQ(standing("a"), Standing::kStandby);
}

TEST_F(ElectionTest, a_ready_incumbent_stays_though_a_preferred_box_is_ready_too) {
  box("a"), box("b");
  ballot_.active = {"b"};
  EXPECT_THAT(run(), ElementsAre("b"));
}

TEST_F(ElectionTest, a_node_that_is_not_ready_is_replaced) {
  begin({"a", "b"});
  box("a").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kNotReady);
  EXPECT_TRUE(outcome_.switched);
}

TEST_F(ElectionTest, a_box_that_comes_back_does_not_take_its_seat_back) {
  begin({"a", "b"});
  lose("a");
  box("a").ready = true;
  EXPECT_THAT(run(seconds{100}), ElementsAre("b"));
}

TEST_F(ElectionTest, several_replicas_are_filled_in_order_and_sorted_by_name) {
  ballot_.replicas = 2;
  box("c"), box("b"), box("a");
  EXPECT_THAT(run(), ElementsAre("b", "c"));
}

TEST_F(ElectionTest, more_replicas_than_boxes_elects_all) {
  ballot_.replicas = 1'000'000'000;
  box("a"), box("b");
  EXPECT_THAT(run(), ElementsAre("a", "b"));
}

TEST_F(ElectionTest, fewer_replicas_drop_the_less_preferred_incumbents) {
  ballot_.replicas = 2;
  begin({"b", "a"});
  ballot_.replicas = 1;
  EXPECT_THAT(run(), ElementsAre("b"));
}

TEST_F(ElectionTest, zero_replicas_elect_nobody_though_there_are_incumbents) {
  begin({"a"});
  ballot_.replicas = 0;
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(ElectionTest, an_incumbent_that_left_the_endpoint_list_is_dropped) {
  box("a"), box("b");
  ballot_.active = {"gone"};
  EXPECT_THAT(run(), ElementsAre("a"));
}

TEST_F(ElectionTest, a_node_outside_the_pool_is_not_elected) {
  box("a").in_pool = false;
  box("b");
  EXPECT_THAT(run(), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kNotInPool);
}

TEST_F(ElectionTest, an_incumbent_whose_node_was_deleted_is_dropped_with_nobody_to_follow) {
  begin({"a"});
  box("a").in_pool = false;
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_FALSE(outcome_.cut_off);
}

TEST_F(ElectionTest, a_pool_without_any_lease_needs_only_ready_nodes) {
  box("a"), box("b");
  EXPECT_THAT(run(), ElementsAre("a"));
}

TEST_F(ElectionTest, a_box_without_a_lease_is_not_elected_beside_one_that_has_it) {
  box("a");
  pulse("b", Pulse::kFresh);
  EXPECT_THAT(run(), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kNoHeartbeat);
}

// As at a start: elected because its node is Ready, its tunnels come up later than those of "b".
TEST_F(ElectionTest, a_box_whose_first_heartbeat_comes_later_than_that_of_another_stays) {
  box("a"), box("b");
  EXPECT_THAT(run(), ElementsAre("a"));
  pulse("b", Pulse::kUnproven);
  EXPECT_THAT(run(), ElementsAre("a"));
  pulse("b", Pulse::kFresh);
  EXPECT_THAT(run(seconds{1}), ElementsAre("a"));
  EXPECT_EQ(standing("a"), Standing::kKept);
  EXPECT_EQ(outcome_.retry_at, now_ + seconds{4});
  pulse("a", Pulse::kUnproven);
  EXPECT_THAT(run(seconds{2}), ElementsAre("a"));
  pulse("a", Pulse::kFresh);
  EXPECT_THAT(run(seconds{1}), ElementsAre("a"));
}

TEST_F(ElectionTest, a_box_whose_first_heartbeat_does_not_come_loses_its_seat) {
  begin({"a", "b"});
  pulse("b", Pulse::kFresh);
  run(seconds{1});
  EXPECT_THAT(run(seconds{4}), ElementsAre("a"));
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kNoHeartbeat);
}

TEST_F(ElectionTest, a_box_that_had_a_heartbeat_is_not_waited_for_when_its_lease_goes) {
  begin_with_heartbeats({"a", "b"});
  run(seconds{10});
  pulse("a", Pulse::kNone);
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
}

TEST_F(ElectionTest, a_standby_box_that_reports_later_is_not_held_down) {
  begin({"a", "b"});
  pulse("a", Pulse::kFresh);
  run(seconds{1});
  pulse("b", Pulse::kFresh);
  run(seconds{1});
  EXPECT_EQ(standing("b"), Standing::kStandby);
}

TEST_F(ElectionTest, proxies_do_not_need_a_heartbeat) {
  ballot_.by_heartbeat = false;
  pulse("a", Pulse::kStale);
  pulse("b", Pulse::kFresh);
  EXPECT_THAT(run(), ElementsAre("a"));
}

TEST_F(ElectionTest, a_stale_heartbeat_moves_the_seat_to_a_box_that_is_heard) {
  pulse("a", Pulse::kFresh), pulse("b", Pulse::kFresh);
  EXPECT_THAT(run(), ElementsAre("a"));
  pulse("a", Pulse::kStale);
  EXPECT_THAT(run(seconds{4}), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kHeartbeatStale);
}

TEST_F(ElectionTest, a_fresh_heartbeat_does_not_help_a_node_that_is_not_ready) {
  pulse("a", Pulse::kFresh), pulse("b", Pulse::kFresh);
  box("a").ready = false;
  EXPECT_THAT(run(), ElementsAre("b"));
}

TEST_F(ElectionTest, an_unproven_lease_elects_nobody_new) {
  pulse("a", Pulse::kUnproven);
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_EQ(standing("a"), Standing::kUnheard);
  pulse("a", Pulse::kFresh);
  EXPECT_THAT(run(seconds{1}), ElementsAre("a"));
}

TEST_F(ElectionTest, a_new_leader_keeps_the_incumbent_until_it_has_heard_the_boxes) {
  pulse("a", Pulse::kUnproven), pulse("b", Pulse::kUnproven);
  ballot_.active = {"b"};
  EXPECT_THAT(run(), ElementsAre("b"));
  pulse("a", Pulse::kFresh);
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
}

TEST_F(ElectionTest, an_aging_incumbent_stays) {
  pulse("a", Pulse::kAging), pulse("b", Pulse::kFresh);
  ballot_.active = {"a"};
  EXPECT_THAT(run(), ElementsAre("a"));
}

TEST_F(ElectionTest, a_pool_that_goes_silent_box_by_box_keeps_its_active_box) {
  begin_with_heartbeats({"a", "b"});
  // The line is cut: a ran out first, b has not been heard since either.
  pulse("a", Pulse::kStale), pulse("b", Pulse::kAging);
  EXPECT_THAT(run(seconds{4}), ElementsAre("a"));
  EXPECT_EQ(standing("a"), Standing::kKept);
  EXPECT_FALSE(outcome_.cut_off);
  pulse("b", Pulse::kStale);
  EXPECT_THAT(run(seconds{1}), ElementsAre("a"));
  EXPECT_TRUE(outcome_.cut_off);
}

TEST_F(ElectionTest, a_pool_whose_nodes_all_turn_not_ready_keeps_its_active_set) {
  ballot_.replicas = 2;
  begin({"a", "b", "c"});
  for (const char* node : {"a", "b", "c"}) box(node).ready = false;
  EXPECT_THAT(run(seconds{40}), ElementsAre("a", "b"));
  EXPECT_TRUE(outcome_.cut_off);
  EXPECT_THAT(run(seconds{86'400}), ElementsAre("a", "b"));
}

TEST_F(ElectionTest, a_pool_that_comes_back_waits_for_its_kept_box) {
  cut_off_until_b_is_heard();
  EXPECT_THAT(run(seconds{60}), ElementsAre("a"));
  ASSERT_TRUE(outcome_.retry_at);
  EXPECT_EQ(*outcome_.retry_at, now_ + seconds{5});
  pulse("a", Pulse::kFresh);
  EXPECT_THAT(run(seconds{2}), ElementsAre("a"));
  EXPECT_EQ(standing("a"), Standing::kActive);
}

TEST_F(ElectionTest, a_pool_that_comes_back_without_its_kept_box_elects_another) {
  cut_off_until_b_is_heard();
  run(seconds{60});
  // b has just come back itself, but it was not elected when it was lost: nothing is calmer.
  EXPECT_THAT(run(seconds{5}), ElementsAre("b"));
}

TEST_F(ElectionTest, a_lost_box_is_held_down_before_it_is_elected_again) {
  begin({"a", "b", "c"});
  lose_and_regain("a");
  EXPECT_EQ(standing("a"), Standing::kHeldDown);
  box("b").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("c"));
}

TEST_F(ElectionTest, hold_down_ends_after_its_time) {
  begin({"a", "b", "c"});
  lose_and_regain("a");
  ASSERT_TRUE(outcome_.retry_at);
  EXPECT_EQ(*outcome_.retry_at, now_ + seconds{30});
  run(seconds{30});
  EXPECT_EQ(standing("a"), Standing::kStandby);
  box("b").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("a"));
}

TEST_F(ElectionTest, a_flapping_node_causes_one_switch) {
  begin({"a", "b"});
  EXPECT_EQ(switches_in(100, [&](int i) { box("a").ready = i % 2 == 1; }), 1);
  EXPECT_THAT(ballot_.active, ElementsAre("b"));
}

TEST_F(ElectionTest, two_boxes_that_flap_in_turn_cause_at_most_one_switch_a_minute) {
  begin({"a", "b"});
  const int switches = switches_in(120, [&](int i) {
    box("a").ready = i % 2 == 1;
    box("b").ready = i % 2 == 0;
  });
  EXPECT_GE(switches, 2);
  EXPECT_LE(switches, 10);  // ten minutes
}

TEST_F(ElectionTest, a_held_down_box_returns_early_when_there_is_nobody_else_and_all_was_calm) {
  begin({"a", "b"});
  // b is lost and comes back; nothing was switched for that.
  lose_and_regain("b");
  EXPECT_EQ(standing("b"), Standing::kHeldDown);
  box("a").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
}

TEST_F(ElectionTest, an_empty_seat_takes_a_held_down_box_at_once) {
  begin({"a", "b"});
  lose("a");
  box("a").ready = true;
  box("b").in_pool = false;  // its node was deleted
  EXPECT_THAT(run(seconds{1}), ElementsAre("a"));
}

TEST_F(ElectionTest, the_loss_of_one_of_two_active_boxes_keeps_the_other) {
  ballot_.replicas = 2;
  begin({"a", "b"});
  box("a").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
}

}  // namespace
}  // namespace raven::controller
