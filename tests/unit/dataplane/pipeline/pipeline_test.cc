// The table of stages says what the stages do.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "common/base/environment.h"

namespace raven::dataplane {
namespace {

TEST(Pipeline, EveryStageButTheFirstTwoIsReachedAndEveryWayEnds) {
  std::set<Stage> reached = {Stage::kClassify, Stage::kInbox, Stage::kDrop};
  std::set<std::string_view> names;
  for (const StageRow& row : pipeline()) {
    EXPECT_TRUE(reached.contains(row.stage)) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    reached.insert(row.next.begin(), row.next.end());
    const bool end = row.stage >= Stage::kTransmit;
    EXPECT_EQ(row.next.empty(), end) << row.name;
  }
}

TEST(Pipeline, NothingLeavesForAPeerButThroughEncryption) {
  const std::set<Stage> senders = {
      Stage::kRoute, Stage::kFragment, Stage::kEspOut, Stage::kEspFragment, Stage::kVxlanOut};
  for (const StageRow& row : pipeline()) {
    const auto leads_to = [&row](Stage stage) { return std::ranges::count(row.next, stage) != 0; };
    EXPECT_EQ(leads_to(Stage::kNeighbour), senders.contains(row.stage)) << row.name;
    EXPECT_EQ(leads_to(Stage::kEspFragment), row.stage == Stage::kFragment) << row.name;
  }
}

TEST(Pipeline, PictureNamesEveryEdge) {
  const std::string dot = pipeline_dot();
  std::size_t edges = 0;
  for (const StageRow& row : pipeline()) edges += row.next.size();
  EXPECT_EQ(static_cast<std::size_t>(std::count(dot.begin(), dot.end(), '>')), edges);
  EXPECT_NE(dot.find("  route -> mss;\n"), std::string::npos);
  EXPECT_EQ(dot.find("digraph packet_path {"), 0u);
}

// The picture of the documentation, dataplane/pipeline/packet_path.dot.
TEST(Pipeline, CommittedPictureIsThatOfTheTable) {
  const char* path = "dataplane/pipeline/packet_path.dot";
  if (!environment_variable("RAVEN_UPDATE").empty()) std::ofstream{path} << pipeline_dot();
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  EXPECT_EQ(text.str(), pipeline_dot())
      << "run: RAVEN_UPDATE=1 build/<preset>/tests/pipeline_test, from the top of the tree";
}

}  // namespace
}  // namespace raven::dataplane
