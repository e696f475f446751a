// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/dataplane_applier.h"

#include <gtest/gtest.h>

namespace raven::gateway_agent {
namespace {

using dpapi::v1::ApplyResult;
using dpapi::v1::DesiredState;
using dpapi::v1::StatusReply;

// Behaves as raven-dataplane does: keeps what it is given until it restarts.
class FakeDataplane : public DataplaneCalls {
 public:
  Result<StatusReply> status() override {
    if (away) return Error{ErrorCode::kUnavailable, "nobody listens"};
    StatusReply reply;
    reply.set_epoch(epoch);
    reply.set_generation(generation);
    return reply;
  }
  Result<ApplyResult> apply(const DesiredState& state) override {
    if (refuses) return Error{ErrorCode::kTimeout, "no answer"};
    applied.push_back(state);
    generation = state.generation();
    ApplyResult result;
    result.set_generation(generation);
    return result;
  }
  void restart() {
    ++epoch;
    generation = 0;
  }

  bool away = false, refuses = false;
  uint64_t epoch = 100, generation = 0;
  std::vector<DesiredState> applied;
};

DesiredState state_of(const std::string& pool) {
  DesiredState state;
  state.set_pool(pool);
  return state;
}

class DataplaneApplierTest : public testing::Test {
 protected:
  FakeDataplane dataplane;
  MetricTable metrics{kMetricRows};
  DataplaneApplier applier{dataplane, metrics};
};

TEST_F(DataplaneApplierTest, AppliesNothingBeforeThereIsAPlan) {
  EXPECT_TRUE(applier.step().ok());
  EXPECT_TRUE(dataplane.applied.empty());
}

TEST_F(DataplaneApplierTest, AppliesAStateOnce) {
  applier.set_desired(state_of("cloud"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(applier.step().ok());
  applier.set_desired(state_of("cloud"));
  EXPECT_TRUE(applier.step().ok());
  ASSERT_EQ(dataplane.applied.size(), 1u);
  EXPECT_EQ(dataplane.applied[0].pool(), "cloud");
}

TEST_F(DataplaneApplierTest, GivesEachDifferentStateAHigherGeneration) {
  dataplane.generation = 41;  // of an agent before this one
  applier.set_desired(state_of("cloud"));
  EXPECT_TRUE(applier.step().ok());
  applier.set_desired(state_of("edge"));
  EXPECT_TRUE(applier.step().ok());
  ASSERT_EQ(dataplane.applied.size(), 2u);
  EXPECT_EQ(dataplane.applied[0].generation(), 42u);
  EXPECT_EQ(dataplane.applied[1].generation(), 43u);
}

TEST_F(DataplaneApplierTest, AppliesAgainAfterARestartOfTheDataplane) {
  applier.set_desired(state_of("cloud"));
  EXPECT_TRUE(applier.step().ok());
  dataplane.restart();
  const auto status = applier.step();
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(dataplane.applied.size(), 2u);
  EXPECT_EQ(status->generation(), 2u);  // the heartbeat need not wait for the next look
}

TEST_F(DataplaneApplierTest, TakesBackAStateThatSomebodyElseHasSet) {
  applier.set_desired(state_of("cloud"));
  EXPECT_TRUE(applier.step().ok());
  dataplane.generation = 77;
  EXPECT_TRUE(applier.step().ok());
  ASSERT_EQ(dataplane.applied.size(), 2u);
  EXPECT_EQ(dataplane.applied[1].generation(), 78u);
}

TEST_F(DataplaneApplierTest, TriesAgainAfterAFailure) {
  applier.set_desired(state_of("cloud"));
  dataplane.away = true;
  EXPECT_EQ(applier.step().error().code, ErrorCode::kUnavailable);
  dataplane.away = false;
  dataplane.refuses = true;
  EXPECT_EQ(applier.step().error().code, ErrorCode::kTimeout);
  dataplane.refuses = false;
  EXPECT_TRUE(applier.step().ok());
  EXPECT_EQ(dataplane.applied.size(), 1u);
}

}  // namespace
}  // namespace raven::gateway_agent
