// What every agent takes from its file, and the name of its node.
// SPDX-License-Identifier: Apache-2.0
#include "common/site/agent_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "common/kube/object.h"

namespace raven::site {
namespace {

using testing::HasSubstr;

struct SampleSettings : AgentSettings {
  SampleSettings() : AgentSettings{"sample", "127.0.0.1:1"} {}
  uint32_t own = 7;
  static void describe(settings::Schema<SampleSettings>& schema) {
    schema.base<AgentSettings>();
    schema.field("own", &SampleSettings::own, "Of this agent.");
  }
};

Result<SampleSettings> load(const std::string& yaml) {
  return settings::load_text<SampleSettings>("sample.yaml", yaml);
}

TEST(AgentSettings, StandBesideThoseOfTheAgent) {
  const auto loaded = load("node_name: e1\nown: 8\ncluster_cidrs: [10.244.0.0/16]\n");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->node_name, "e1");
  EXPECT_EQ(loaded->own, 8u);
  EXPECT_EQ(loaded->cluster_cidrs[0].text(), "10.244.0.0/16");
  EXPECT_EQ(loaded->state_dir, "/var/lib/raven-gateway/sample");
}

TEST(AgentSettings, AreDocumentedWithTheDefaultsOfTheAgent) {
  const auto fields = settings::schema_of<SampleSettings>().fields();
  const auto metrics = std::ranges::find(fields, "metrics_address", &settings::FieldInfo::key);
  ASSERT_NE(metrics, fields.end());
  EXPECT_EQ(metrics->default_text, "\"127.0.0.1:1\"");
}

TEST(AgentSettings, AreChecked) {
  EXPECT_THAT(load("source: nowhere\n").error().message, HasSubstr("source"));
  EXPECT_THAT(load("metrics_address: here\n").error().message, HasSubstr("metrics_address"));
  EXPECT_THAT(load("cluster_cidrs: [0.0.0.0/0]\n").error().message, HasSubstr("cluster_cidrs"));
  EXPECT_THAT(load("snapshot_wait_ms: 600001\n").error().message, HasSubstr("snapshot_wait_ms"));
}

class NodeNameTest : public testing::Test {
 protected:
  NodeNameTest() { ::unsetenv("NODE_NAME"); }
  ~NodeNameTest() override { ::unsetenv("NODE_NAME"); }
  SampleSettings settings_;
};

TEST_F(NodeNameTest, IsTheSettingThenTheEnvironmentThenTheHostName) {
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size() - 1), 0);
  if (kube::is_valid_object_name(host.data())) {
    EXPECT_EQ(node_name(settings_).value(), host.data());
  }
  ::setenv("NODE_NAME", "edge-1", 1);
  EXPECT_EQ(node_name(settings_).value(), "edge-1");
  settings_.node_name = "edge-2.example";
  EXPECT_EQ(node_name(settings_).value(), "edge-2.example");
}

TEST_F(NodeNameTest, IsRefusedWhenNoNodeCanHaveIt) {
  settings_.node_name = "Edge_1";
  const auto name = node_name(settings_);
  ASSERT_FALSE(name.ok());
  EXPECT_EQ(name.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(name.error().message, HasSubstr("\"Edge_1\""));
}

}  // namespace
}  // namespace raven::site
