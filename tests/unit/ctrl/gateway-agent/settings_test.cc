// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raven::gateway_agent {
namespace {

Result<Settings> load(const std::string& yaml) {
  return settings::load_text<Settings>("gateway-agent.yaml", yaml);
}

TEST(Settings, NeedTheFileWithTheKeyWhereCharonIsUsed) {
  for (const char* yaml : {"node_name: c1", "ike: {}", "ike: {psk_file: \"\"}"}) {
    const auto settings = load(yaml);
    ASSERT_FALSE(settings.ok()) << yaml;
    EXPECT_THAT(settings.error().message, testing::HasSubstr("ike.psk_file")) << yaml;
  }
  EXPECT_TRUE(load("ike: {psk_file: /etc/key}").ok());
  EXPECT_TRUE(load("ike: {enabled: false}").ok());
}

}  // namespace
}  // namespace raven::gateway_agent
