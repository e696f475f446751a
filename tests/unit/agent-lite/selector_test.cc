// Which gateway is used, as a story of probes and answers.
// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/selector.h"

#include <gtest/gtest.h>

namespace raven::agent_lite {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SelectorTest : public testing::Test {
 protected:
  SelectorTest() { selector_.set_gateways({"a", "b"}); }

  // One round: every gateway is asked, those named answer.
  void round(const std::string& answering, bool forwarding = true) {
    for (const std::string& name : selector_.names()) selector_.on_probe_sent(name);
    for (const char name : answering) selector_.on_answer(std::string(1, name), forwarding, now_);
    selector_.choose(now_);
    now_ += milliseconds{200};
  }
  void rounds(int count, const std::string& answering) {
    for (int i = 0; i < count; ++i) round(answering);
  }
  std::string current() { return selector_.choose(now_).value_or("none"); }

  Selector selector_{{.loss_max = 3, .switch_back_delay = seconds{5}}};
  Instant now_{seconds{1000}};
};

TEST_F(SelectorTest, FirstChoiceIsTheMostPreferredBeforeAnyAnswer) {
  EXPECT_EQ(current(), "a");
}

TEST_F(SelectorTest, EarlierAnswerOfALessPreferredOneChangesNothing) {
  current();
  selector_.on_probe_sent("a");
  selector_.on_probe_sent("b");
  selector_.on_answer("b", true, now_);
  EXPECT_EQ(current(), "a");
}

TEST_F(SelectorTest, StaysWhileFewerThanTheMaximumAreLost) {
  round("ab");
  rounds(3, "b");
  EXPECT_EQ(current(), "a");
}

TEST_F(SelectorTest, LeavesTheDeadOneAfterTheLastAllowedLoss) {
  round("ab");
  rounds(4, "b");  // the fourth round finds three unanswered
  EXPECT_EQ(current(), "b");
  EXPECT_EQ(selector_.state("a"), Selector::State::kDown);
  EXPECT_EQ(selector_.switches(), 1u);
}

TEST_F(SelectorTest, LateAnswersKeepItAlive) {
  round("ab");
  for (int i = 0; i < 20; ++i) {
    rounds(2, "b");
    round("ab");
  }
  EXPECT_EQ(current(), "a");
}

TEST_F(SelectorTest, OneThatNeverAnsweredIsLeftToo) {
  rounds(4, "b");
  EXPECT_EQ(current(), "b");
}

TEST_F(SelectorTest, StaysWhenNobodyAnswers) {
  rounds(10, "");
  EXPECT_EQ(current(), "a");
  EXPECT_EQ(selector_.switches(), 0u);
}

TEST_F(SelectorTest, LeavesOneThatAnswersButDoesNotForward) {
  round("ab");
  selector_.on_answer("a", false, now_);
  EXPECT_EQ(current(), "b");
}

TEST_F(SelectorTest, StaysWhenTheOtherDoesNotForwardEither) {
  round("ab");
  round("ab", false);
  EXPECT_EQ(current(), "a");
}

TEST_F(SelectorTest, ReturnsOnlyAfterTheBetterOneWasUpForAWhile) {
  round("ab");
  rounds(4, "b");
  rounds(24, "ab");  // the first answer is 4.8 s old
  EXPECT_EQ(current(), "b");
  round("ab");
  EXPECT_EQ(current(), "a");
}

TEST_F(SelectorTest, FlappingOneIsNotReturnedTo) {
  round("ab");
  rounds(4, "b");
  for (int i = 0; i < 10; ++i) {
    rounds(20, "ab");
    rounds(4, "b");
  }
  EXPECT_EQ(current(), "b");
  EXPECT_EQ(selector_.switches(), 1u);
}

TEST_F(SelectorTest, GoesBackAtOnceWhenTheCurrentOneDies) {
  round("ab");
  rounds(4, "b");
  rounds(2, "ab");
  rounds(4, "a");
  EXPECT_EQ(current(), "a");
}

TEST_F(SelectorTest, NewPreferenceIsFollowedWhenThatOneIsKnownToBeUp) {
  rounds(30, "ab");
  selector_.set_gateways({"b", "a"});
  EXPECT_EQ(current(), "b");
}

TEST_F(SelectorTest, NewPreferenceIsNotFollowedToADeadOne) {
  rounds(30, "a");
  selector_.set_gateways({"b", "a"});
  EXPECT_EQ(current(), "a");
}

TEST_F(SelectorTest, RemovedGatewayIsLeft) {
  rounds(3, "ab");
  selector_.set_gateways({"b"});
  EXPECT_EQ(current(), "b");
}

TEST_F(SelectorTest, NewGatewayIsNotTrustedBeforeItAnswers) {
  rounds(30, "ab");
  selector_.set_gateways({"c", "a", "b"});
  EXPECT_EQ(current(), "a");
  rounds(26, "abc");
  EXPECT_EQ(current(), "c");
}

TEST_F(SelectorTest, NoGatewayIsNoChoice) {
  selector_.set_gateways({});
  EXPECT_EQ(current(), "none");
}

TEST_F(SelectorTest, AnswerOfAStrangerIsIgnored) {
  selector_.on_answer("x", true, now_);
  EXPECT_EQ(current(), "a");
  EXPECT_EQ(selector_.state("x"), Selector::State::kUnknown);
}

}  // namespace
}  // namespace raven::agent_lite
