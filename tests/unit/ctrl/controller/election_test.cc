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

TEST_F(ElectionTest, AnEmptyPoolElectsNobody) {
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_FALSE(outcome_.cut_off);
}

TEST_F(ElectionTest, TheFirstEndpointOfTheListWins) {
  box("b"), box("a");
  EXPECT_THAT(run(), ElementsAre("b"));
  EXPECT_EQ(standing("b"), Standing::kActive);
  EXPECT_EQ(standing("a"), Standing::kStandby);
}

TEST_F(ElectionTest, AReadyIncumbentStaysThoughAPreferredBoxIsReadyToo) {
  box("a"), box("b");
  ballot_.active = {"b"};
  EXPECT_THAT(run(), ElementsAre("b"));
}

TEST_F(ElectionTest, ANodeThatIsNotReadyIsReplaced) {
  begin({"a", "b"});
  box("a").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kNotReady);
  EXPECT_TRUE(outcome_.switched);
}

TEST_F(ElectionTest, ABoxThatComesBackDoesNotTakeItsSeatBack) {
  begin({"a", "b"});
  lose("a");
  box("a").ready = true;
  EXPECT_THAT(run(seconds{100}), ElementsAre("b"));
}

TEST_F(ElectionTest, SeveralReplicasAreFilledInOrderAndSortedByName) {
  ballot_.replicas = 2;
  box("c"), box("b"), box("a");
  EXPECT_THAT(run(), ElementsAre("b", "c"));
}

TEST_F(ElectionTest, MoreReplicasThanBoxesElectsAll) {
  ballot_.replicas = 1'000'000'000;
  box("a"), box("b");
  EXPECT_THAT(run(), ElementsAre("a", "b"));
}

TEST_F(ElectionTest, FewerReplicasDropTheLessPreferredIncumbents) {
  ballot_.replicas = 2;
  begin({"b", "a"});
  ballot_.replicas = 1;
  EXPECT_THAT(run(), ElementsAre("b"));
}

TEST_F(ElectionTest, ZeroReplicasElectNobodyThoughThereAreIncumbents) {
  begin({"a"});
  ballot_.replicas = 0;
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(ElectionTest, AnIncumbentThatLeftTheEndpointListIsDropped) {
  box("a"), box("b");
  ballot_.active = {"gone"};
  EXPECT_THAT(run(), ElementsAre("a"));
}

TEST_F(ElectionTest, ANodeOutsideThePoolIsNotElected) {
  box("a").in_pool = false;
  box("b");
  EXPECT_THAT(run(), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kNotInPool);
}

TEST_F(ElectionTest, AnIncumbentWhoseNodeWasDeletedIsDroppedWithNobodyToFollow) {
  begin({"a"});
  box("a").in_pool = false;
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_FALSE(outcome_.cut_off);
}

TEST_F(ElectionTest, APoolWithoutAnyLeaseNeedsOnlyReadyNodes) {
  box("a"), box("b");
  EXPECT_THAT(run(), ElementsAre("a"));
}

TEST_F(ElectionTest, ABoxWithoutALeaseIsNotElectedBesideOneThatHasIt) {
  box("a");
  pulse("b", Pulse::kFresh);
  EXPECT_THAT(run(), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kNoHeartbeat);
}

// As at a start: elected because its node is Ready, its tunnels come up later than those of "b".
TEST_F(ElectionTest, ABoxWhoseFirstHeartbeatComesLaterThanThatOfAnotherStays) {
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

TEST_F(ElectionTest, ABoxWhoseFirstHeartbeatDoesNotComeLosesItsSeat) {
  begin({"a", "b"});
  pulse("b", Pulse::kFresh);
  run(seconds{1});
  EXPECT_THAT(run(seconds{4}), ElementsAre("a"));
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kNoHeartbeat);
}

TEST_F(ElectionTest, ABoxThatHadAHeartbeatIsNotWaitedForWhenItsLeaseGoes) {
  begin_with_heartbeats({"a", "b"});
  run(seconds{10});
  pulse("a", Pulse::kNone);
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
}

TEST_F(ElectionTest, AStandbyBoxThatReportsLaterIsNotHeldDown) {
  begin({"a", "b"});
  pulse("a", Pulse::kFresh);
  run(seconds{1});
  pulse("b", Pulse::kFresh);
  run(seconds{1});
  EXPECT_EQ(standing("b"), Standing::kStandby);
}

TEST_F(ElectionTest, ProxiesDoNotNeedAHeartbeat) {
  ballot_.by_heartbeat = false;
  pulse("a", Pulse::kStale);
  pulse("b", Pulse::kFresh);
  EXPECT_THAT(run(), ElementsAre("a"));
}

TEST_F(ElectionTest, AStaleHeartbeatMovesTheSeatToABoxThatIsHeard) {
  pulse("a", Pulse::kFresh), pulse("b", Pulse::kFresh);
  EXPECT_THAT(run(), ElementsAre("a"));
  pulse("a", Pulse::kStale);
  EXPECT_THAT(run(seconds{4}), ElementsAre("b"));
  EXPECT_EQ(standing("a"), Standing::kHeartbeatStale);
}

TEST_F(ElectionTest, AFreshHeartbeatDoesNotHelpANodeThatIsNotReady) {
  pulse("a", Pulse::kFresh), pulse("b", Pulse::kFresh);
  box("a").ready = false;
  EXPECT_THAT(run(), ElementsAre("b"));
}

TEST_F(ElectionTest, AnUnprovenLeaseElectsNobodyNew) {
  pulse("a", Pulse::kUnproven);
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_EQ(standing("a"), Standing::kUnheard);
  pulse("a", Pulse::kFresh);
  EXPECT_THAT(run(seconds{1}), ElementsAre("a"));
}

TEST_F(ElectionTest, ANewLeaderKeepsTheIncumbentUntilItHasHeardTheBoxes) {
  pulse("a", Pulse::kUnproven), pulse("b", Pulse::kUnproven);
  ballot_.active = {"b"};
  EXPECT_THAT(run(), ElementsAre("b"));
  pulse("a", Pulse::kFresh);
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
}

TEST_F(ElectionTest, AnAgingIncumbentStays) {
  pulse("a", Pulse::kAging), pulse("b", Pulse::kFresh);
  ballot_.active = {"a"};
  EXPECT_THAT(run(), ElementsAre("a"));
}

TEST_F(ElectionTest, APoolThatGoesSilentBoxByBoxKeepsItsActiveBox) {
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

TEST_F(ElectionTest, APoolWhoseNodesAllTurnNotReadyKeepsItsActiveSet) {
  ballot_.replicas = 2;
  begin({"a", "b", "c"});
  for (const char* node : {"a", "b", "c"}) box(node).ready = false;
  EXPECT_THAT(run(seconds{40}), ElementsAre("a", "b"));
  EXPECT_TRUE(outcome_.cut_off);
  EXPECT_THAT(run(seconds{86'400}), ElementsAre("a", "b"));
}

TEST_F(ElectionTest, APoolThatComesBackWaitsForItsKeptBox) {
  cut_off_until_b_is_heard();
  EXPECT_THAT(run(seconds{60}), ElementsAre("a"));
  ASSERT_TRUE(outcome_.retry_at);
  EXPECT_EQ(*outcome_.retry_at, now_ + seconds{5});
  pulse("a", Pulse::kFresh);
  EXPECT_THAT(run(seconds{2}), ElementsAre("a"));
  EXPECT_EQ(standing("a"), Standing::kActive);
}

TEST_F(ElectionTest, APoolThatComesBackWithoutItsKeptBoxElectsAnother) {
  cut_off_until_b_is_heard();
  run(seconds{60});
  // b has just come back itself, but it was not elected when it was lost: nothing is calmer.
  EXPECT_THAT(run(seconds{5}), ElementsAre("b"));
}

TEST_F(ElectionTest, ALostBoxIsHeldDownBeforeItIsElectedAgain) {
  begin({"a", "b", "c"});
  lose_and_regain("a");
  EXPECT_EQ(standing("a"), Standing::kHeldDown);
  box("b").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("c"));
}

TEST_F(ElectionTest, HoldDownEndsAfterItsTime) {
  begin({"a", "b", "c"});
  lose_and_regain("a");
  ASSERT_TRUE(outcome_.retry_at);
  EXPECT_EQ(*outcome_.retry_at, now_ + seconds{30});
  run(seconds{30});
  EXPECT_EQ(standing("a"), Standing::kStandby);
  box("b").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("a"));
}

TEST_F(ElectionTest, AFlappingNodeCausesOneSwitch) {
  begin({"a", "b"});
  EXPECT_EQ(switches_in(100, [&](int i) { box("a").ready = i % 2 == 1; }), 1);
  EXPECT_THAT(ballot_.active, ElementsAre("b"));
}

TEST_F(ElectionTest, TwoBoxesThatFlapInTurnCauseAtMostOneSwitchAMinute) {
  begin({"a", "b"});
  const int switches = switches_in(120, [&](int i) {
    box("a").ready = i % 2 == 1;
    box("b").ready = i % 2 == 0;
  });
  EXPECT_GE(switches, 2);
  EXPECT_LE(switches, 10);  // ten minutes
}

TEST_F(ElectionTest, AHeldDownBoxReturnsEarlyWhenThereIsNobodyElseAndAllWasCalm) {
  begin({"a", "b"});
  // b is lost and comes back; nothing was switched for that.
  lose_and_regain("b");
  EXPECT_EQ(standing("b"), Standing::kHeldDown);
  box("a").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
}

TEST_F(ElectionTest, AnEmptySeatTakesAHeldDownBoxAtOnce) {
  begin({"a", "b"});
  lose("a");
  box("a").ready = true;
  box("b").in_pool = false;  // its node was deleted
  EXPECT_THAT(run(seconds{1}), ElementsAre("a"));
}

TEST_F(ElectionTest, TheLossOfOneOfTwoActiveBoxesKeepsTheOther) {
  ballot_.replicas = 2;
  begin({"a", "b"});
  box("a").ready = false;
  EXPECT_THAT(run(seconds{1}), ElementsAre("b"));
}

}  // namespace
}  // namespace raven::controller
