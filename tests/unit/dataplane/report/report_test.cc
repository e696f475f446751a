// What the dataplane says about itself.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace raven::dataplane {
namespace {

// "route 2" of each row of a reason.
std::vector<std::string> told(const dpapi::v1::DropsReply& reply, const std::string& reason) {
  std::vector<std::string> rows;
  for (const auto& drop : reply.drops())
    if (drop.reason() == reason)
      rows.push_back(drop.stage() + " " + std::to_string(drop.packets()));
  return rows;
}

TEST(ReportDrops, HasARowForEachStageThatDropped) {
  const std::array rows{
      DropRow{Stage::kClassify, Drop::kSourceRoute, 1},
      DropRow{Stage::kVxlanIn, Drop::kSourceRoute, 2}, DropRow{Stage::kReceive, Drop::kNoBuffer, 3},
      DropRow{Stage::kEspOut, drop_of(EspVerdict::kCipher), 4}};
  const auto reply = report_drops(rows);
  EXPECT_THAT(told(reply, "source_route"), testing::ElementsAre("classify 1", "vxlan_in 2"));
  EXPECT_THAT(told(reply, "no_buffer"), testing::ElementsAre("receive 3"));
  EXPECT_THAT(told(reply, "cipher"), testing::ElementsAre("esp_out 4"));
}

TEST(ReportDrops, NamesWhatNeverOccurredOnceAndWithoutAStage) {
  const auto reply = report_drops({});
  EXPECT_THAT(told(reply, "ttl"), testing::ElementsAre(" 0"));
  EXPECT_EQ(reply.drops_size(), static_cast<int>(kDropCount) - 1) << "all but EspVerdict::kOk";
  for (const auto& drop : reply.drops()) EXPECT_FALSE(drop.help().empty()) << drop.reason();
}

}  // namespace
}  // namespace raven::dataplane
