// Turns: in one order, evenly spread, and again at once where there was no room.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/probe_turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

class ProbeTurnsTest : public testing::Test {
 protected:
  void set(const std::vector<uint32_t>& ids) {
    std::vector<TunnelId> tunnels;
    for (const uint32_t id : ids) tunnels.emplace_back(id);
    turns.set_tunnels(tunnels);
  }
  std::vector<uint32_t> after(milliseconds time) {
    now += time;
    std::vector<uint32_t> asked;
    turns.take(now, [&](TunnelId tunnel) {
      asked.push_back(tunnel.value());
      return !refused.contains(tunnel.value());
    });
    return asked;
  }

  ProbeTurns turns{milliseconds{100}};
  Instant now{std::chrono::hours{1}};
  std::set<uint32_t> refused;
};

TEST_F(ProbeTurnsTest, AreSpreadEvenlyInTheOrderGiven) {
  EXPECT_THAT(after(milliseconds{10}), IsEmpty());
  set({3, 1, 2, 4});
  EXPECT_THAT(after(milliseconds{0}), ElementsAre(3)) << "the very first one waits for nothing";
  EXPECT_THAT(after(milliseconds{24}), IsEmpty());
  EXPECT_THAT(after(milliseconds{1}), ElementsAre(1));
  EXPECT_THAT(after(milliseconds{50}), ElementsAre(2, 4));
  EXPECT_THAT(after(milliseconds{25}), ElementsAre(3));
}

TEST_F(ProbeTurnsTest, AreNobodysTwiceHoweverLateTheCall) {
  set({1, 2, 3});
  EXPECT_THAT(after(milliseconds{0}), ElementsAre(1));
  EXPECT_THAT(after(milliseconds{5000}), ElementsAre(2, 3, 1));
  EXPECT_THAT(after(milliseconds{100}), ElementsAre(2, 3, 1));
}

TEST_F(ProbeTurnsTest, OfTheRefusedComeFirstAtTheNextCallAndDelayNobody) {
  set({1, 2, 3, 4});
  refused = {1};
  EXPECT_THAT(after(milliseconds{0}), ElementsAre(1));
  EXPECT_THAT(after(milliseconds{10}), ElementsAre(1));
  refused = {};
  EXPECT_THAT(after(milliseconds{24}), ElementsAre(1, 2));
  EXPECT_THAT(after(milliseconds{50}), ElementsAre(3, 4));
  EXPECT_THAT(after(milliseconds{25}), ElementsAre(1)) << "an interval after it left";
}

TEST_F(ProbeTurnsTest, StayWhereTheyAreWhenOthersComeAndGo) {
  set({1, 2, 3});
  EXPECT_THAT(after(milliseconds{0}), ElementsAre(1));
  set({1, 3, 9});
  EXPECT_THAT(after(milliseconds{100}), ElementsAre(9, 3, 1));
  refused = {9};
  EXPECT_THAT(after(milliseconds{34}), ElementsAre(9));
  set({1, 3});
  refused = {};
  EXPECT_THAT(after(milliseconds{100}), ElementsAre(3, 1)) << "one that is gone is not tried again";
}

}  // namespace
}  // namespace raven::dataplane
