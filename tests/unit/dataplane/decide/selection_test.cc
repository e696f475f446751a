// Path selection as a function of probes, answers and an injected clock.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

class SelectionTest : public testing::Test {
 protected:
  SelectionTest() {
    selection.set_tunnels({1, 2});
    selection.set_pools({{"edge", {1, 2}}});
  }

  uint32_t send(uint32_t tunnel) {
    const uint32_t sequence = selection.probe_due(tunnel);
    selection.probe_sent(tunnel);
    return sequence;
  }
  // One probe interval: a probe into each tunnel, answers from those named.
  std::vector<std::string> round(const std::vector<uint32_t>& answering) {
    now += milliseconds{100};
    for (const uint32_t tunnel : {1u, 2u}) {
      const uint32_t sequence = send(tunnel);
      if (std::find(answering.begin(), answering.end(), tunnel) != answering.end())
        selection.probe_answered(tunnel, sequence, milliseconds{5}, now + milliseconds{5});
    }
    return selection.choose(now + milliseconds{5});
  }
  std::optional<uint32_t> chosen() const { return selection.choices().at("edge").tunnel; }

  Selection selection{{.loss_max = 3, .switch_back = milliseconds{500}}};
  Instant now{std::chrono::hours{1}};
};

TEST_F(SelectionTest, HasNoChoiceBeforeTheFirstAnswer) {
  EXPECT_THAT(round({}), IsEmpty());
  EXPECT_EQ(chosen(), std::nullopt);
  EXPECT_FALSE(selection.any_usable());
}

TEST_F(SelectionTest, TakesThePreferredGatewayOnTheFirstAnswer) {
  EXPECT_THAT(round({1, 2}), ElementsAre("edge"));
  EXPECT_EQ(chosen(), 1u);
  EXPECT_TRUE(selection.any_usable());
  EXPECT_EQ(selection.health(1)->round_trip, milliseconds{5});
}

TEST_F(SelectionTest, TakesTheStandbyWhenOnlyThatAnswers) {
  round({2});
  EXPECT_EQ(chosen(), 2u);
}

TEST_F(SelectionTest, SwitchesAfterThreeUnansweredProbesAndNotBefore) {
  round({1, 2});
  for (int lost = 1; lost <= 3; ++lost) EXPECT_THAT(round({2}), IsEmpty()) << lost;
  EXPECT_EQ(chosen(), 1u);
  EXPECT_THAT(round({2}), ElementsAre("edge"));
  EXPECT_EQ(chosen(), 2u);
  EXPECT_EQ(selection.health(1)->down_count, 1u);
}

TEST_F(SelectionTest, KeepsATunnelUpWhenEveryThirdProbeIsAnswered) {
  round({1, 2});
  for (int i = 0; i < 30; ++i) i % 3 == 2 ? round({1, 2}) : round({2});
  EXPECT_EQ(chosen(), 1u);
  EXPECT_EQ(selection.health(1)->down_count, 0u);
}

TEST_F(SelectionTest, MovesBackToThePreferredOneOnlyAfterItStayedUp) {
  round({2});
  for (int i = 0; i < 5; ++i) {
    round({1, 2});
    EXPECT_EQ(chosen(), 2u) << "up for " << i * 100 << " ms";
  }
  round({1, 2});
  EXPECT_EQ(chosen(), 1u);
}

TEST_F(SelectionTest, TakesARecoveringPreferredOneAtOnceWhenTheOtherDies) {
  round({2});
  for (int i = 0; i < 4; ++i) round({1});
  EXPECT_EQ(chosen(), 1u);
}

TEST_F(SelectionTest, HasNoChoiceWhenAllTunnelsAreDownWithoutKeys) {
  round({1, 2});
  for (int i = 0; i < 4; ++i) round({});
  EXPECT_EQ(chosen(), std::nullopt);
  EXPECT_EQ(selection.choices().at("edge").switch_count, 2u);
}

TEST_F(SelectionTest, StaysWhereItWasWhileNobodyAnswersAndTheKeysAreThere) {
  selection.set_keyed(1, true);
  selection.set_keyed(2, true);
  round({1, 2});
  for (int i = 0; i < 4; ++i) EXPECT_THAT(round({}), IsEmpty());
  EXPECT_EQ(chosen(), 1u);
  EXPECT_FALSE(selection.any_usable()) << "it is down all the same";
  EXPECT_THAT(round({2}), ElementsAre("edge"));
  EXPECT_EQ(chosen(), 2u);
  for (int i = 0; i < 4; ++i) EXPECT_THAT(round({}), IsEmpty());
  selection.set_keyed(2, false);
  EXPECT_THAT(round({}), ElementsAre("edge"));
  EXPECT_EQ(chosen(), std::nullopt);
}

TEST_F(SelectionTest, DoesNotStayWithAGatewayThatIsNoLongerOneOfThePool) {
  selection.set_keyed(1, true);
  round({1});
  for (int i = 0; i < 4; ++i) round({});
  EXPECT_EQ(chosen(), 1u);
  selection.set_pools({{"edge", {2}}});
  EXPECT_THAT(selection.choose(now), ElementsAre("edge"));
  EXPECT_EQ(chosen(), std::nullopt);
}

struct UnverifiedCase {
  const char* what;
  std::vector<uint32_t> keyed;
  std::vector<uint32_t> answered_before;  // then silent until they are down
  std::vector<uint32_t> answering;
  std::optional<uint32_t> chosen;
};

TEST_F(SelectionTest, UsesATunnelThatNeverAnsweredOnlyWithKeysAndWhileNoOtherIsUp) {
  const UnverifiedCase kCases[] = {
      {"no keys, no answers", {}, {}, {}, std::nullopt},
      {"the first with keys", {1, 2}, {}, {}, 1u},
      {"keys of the second alone", {2}, {}, {}, 2u},
      {"an answer counts more than the order", {1, 2}, {}, {2}, 2u},
      {"down is worse than unverified", {1, 2}, {1}, {}, 2u},
  };
  for (const UnverifiedCase& row : kCases) {
    SCOPED_TRACE(row.what);
    selection = Selection{{.loss_max = 3, .switch_back = milliseconds{500}}};
    selection.set_tunnels({1, 2});
    selection.set_pools({{"edge", {1, 2}}});
    for (const uint32_t tunnel : row.keyed) selection.set_keyed(tunnel, true);
    round(row.answered_before);
    for (int i = 0; i < 4; ++i) round(row.answering);
    EXPECT_EQ(chosen(), row.chosen);
    EXPECT_EQ(selection.any_usable(), row.chosen.has_value());
  }
}

TEST_F(SelectionTest, LeavesAnUnverifiedTunnelAtOnceWhenItsKeysGoOrAnotherAnswers) {
  selection.set_keyed(1, true);
  EXPECT_THAT(round({}), ElementsAre("edge"));
  EXPECT_THAT(round({2}), ElementsAre("edge"));
  EXPECT_EQ(chosen(), 2u);
  selection.set_tunnels({1});
  EXPECT_THAT(round({}), ElementsAre("edge"));
  EXPECT_EQ(chosen(), 1u);
  selection.set_keyed(1, false);
  EXPECT_THAT(round({}), ElementsAre("edge"));
  EXPECT_EQ(chosen(), std::nullopt);
}

TEST_F(SelectionTest, IsNotTakenDownByARoundTripLongerThanAllProbesTogether) {
  std::vector<uint32_t> flight;
  for (std::size_t i = 0; i < 40; ++i) {
    now += milliseconds{100};
    flight.push_back(send(1));
    if (i >= 10) selection.probe_answered(1, flight[i - 10], milliseconds{1000}, now);
  }
  EXPECT_TRUE(selection.health(1)->up);
  EXPECT_EQ(selection.health(1)->down_count, 0u);
  EXPECT_EQ(selection.health(1)->round_trip, milliseconds{1000});
}

TEST_F(SelectionTest, IgnoresRepeatedForgedAndVeryLateAnswers) {
  const uint32_t sequence = send(1);
  selection.probe_answered(1, sequence + 1, milliseconds{1}, now);
  EXPECT_FALSE(selection.health(1)->up) << "a number that was never sent";
  selection.probe_answered(1, sequence, std::chrono::seconds{3}, now);
  EXPECT_FALSE(selection.health(1)->up) << "three seconds late";
  selection.probe_answered(1, sequence, milliseconds{1}, now);
  for (int i = 0; i < 4; ++i) {
    send(1);
    selection.probe_answered(1, sequence, milliseconds{1}, now);
  }
  EXPECT_FALSE(selection.health(1)->up) << "the same answer again and again";
  EXPECT_EQ(send(77), 0u);
}

TEST_F(SelectionTest, AProbeThatIsDueButDidNotLeaveCountsForNothing) {
  round({1, 2});
  const uint32_t next = selection.probe_due(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(selection.probe_due(1), next);
  EXPECT_TRUE(selection.health(1)->up);
  EXPECT_EQ(selection.health(1)->probes_sent, 1u);
}

TEST_F(SelectionTest, AProbeThatCanNeverLeaveIsLostButWasNotSent) {
  round({1, 2});
  for (int lost = 1; lost <= 3; ++lost) {
    selection.probe_due(1);
    EXPECT_TRUE(selection.health(1)->up) << lost;
    selection.probe_lost(1);
  }
  selection.probe_due(1);
  EXPECT_FALSE(selection.health(1)->up);
  EXPECT_EQ(selection.health(1)->probes_sent, 1u);
}

TEST_F(SelectionTest, KeepsWhatItKnowsOfTunnelsAndPoolsThatStay) {
  round({1, 2});
  selection.set_tunnels({1, 3});
  selection.set_pools({{"edge", {1}}, {"new", {3}}});
  EXPECT_TRUE(selection.health(1)->up);
  EXPECT_EQ(selection.health(2), nullptr);
  EXPECT_EQ(chosen(), 1u);
  EXPECT_EQ(selection.choices().at("new").tunnel, std::nullopt);
}

TEST_F(SelectionTest, LeavesAGatewayThatIsNoLongerOneOfThePool) {
  round({1, 2});
  selection.set_pools({{"edge", {2}}});
  EXPECT_THAT(selection.choose(now), ElementsAre("edge"));
  EXPECT_EQ(chosen(), 2u);
}

}  // namespace
}  // namespace raven::dataplane
