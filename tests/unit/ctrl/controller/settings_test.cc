// The settings of the controller: defaults load, contradictions are refused.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raven::controller {
namespace {

using ::testing::HasSubstr;

std::string refusal(const char* yaml) {
  const auto settings = settings::load_text<Settings>("c.yaml", yaml);
  return settings ? "" : settings.error().message;
}

TEST(ControllerSettings, TheSampleFileLoadsWithTheDefaults) {
  const auto fields = settings::schema_of<Settings>().fields();
  const auto sample =
      settings::load_text<Settings>("sample.yaml", settings::sample_yaml("sample", fields));
  ASSERT_TRUE(sample) << sample.error().message;
  EXPECT_EQ(sample->hold_down_s, Settings{}.hold_down_s);
  EXPECT_EQ(sample->leader.lease_duration_ms, 15'000u);
}

TEST(ControllerSettings, ADeadlineBeyondTheLeaseIsRefused) {
  EXPECT_THAT(
      refusal("leader: {lease_duration_ms: 5000, renew_deadline_ms: 5000}"),
      HasSubstr("must be below lease_duration_ms")
  );
}

TEST(ControllerSettings, RetriesThatAreTooRareAreRefused) {
  EXPECT_THAT(refusal("leader: {retry_period_ms: 9000}"), HasSubstr("retry_period_ms"));
}

TEST(ControllerSettings, AnUnknownKeyIsRefused) {
  EXPECT_THAT(refusal("hold_donw_s: 1"), HasSubstr("hold_donw_s"));
}

}  // namespace
}  // namespace raven::controller
