// Settings of raven-agent-lite: what is accepted and what is refused.
// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/settings.h"

#include <gtest/gtest.h>

namespace raven::agent_lite {
namespace {

TEST(Settings, ChoicesAndRangesAreChecked) {
  const auto load = [](const std::string& text) {
    return settings::load_text<Settings>("agent-lite.yaml", text);
  };
  EXPECT_EQ(load("encapsulation: direct\n").value().encapsulation, Encapsulation::kDirect);
  EXPECT_EQ(load("probe: {interval_ms: 100}\n").value().probe.interval_ms, 100u);
  EXPECT_FALSE(load("encapsulation: gre\n").ok());
  EXPECT_FALSE(load("probe: {interval_ms: 1}\n").ok());
  EXPECT_FALSE(load("repaly: 1\n").ok());
}

}  // namespace
}  // namespace raven::agent_lite
