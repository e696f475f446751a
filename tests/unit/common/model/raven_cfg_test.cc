// SPDX-License-Identifier: Apache-2.0
#include "common/model/raven_cfg.h"

#include <gtest/gtest.h>

#include "common/kube/json_value.h"

namespace raven::model {
namespace {

using kube::Json;

RavenConfig parse(const Json& data) {
  const Json config_map{{"data", data}};
  return RavenConfig::parse(&config_map);
}

TEST(RavenConfig, MissingIsOff) {
  EXPECT_EQ(RavenConfig::parse(nullptr), RavenConfig{});
  EXPECT_EQ(parse(nullptr), RavenConfig{});
  EXPECT_EQ(parse({{"other", "true"}}), RavenConfig{});
}

TEST(RavenConfig, OnlyTheWordTrueIsOn) {
  EXPECT_EQ(
      parse({{"enable-l3-tunnel", "TRUE"}, {"enable-l7-proxy", "true"}}), (RavenConfig{true, true})
  );
  for (const char* text : {"1", "yes", "on", " true", "false", ""})
    EXPECT_EQ(parse({{"enable-l3-tunnel", text}}), RavenConfig{}) << text;
  EXPECT_EQ(parse({{"enable-l3-tunnel", true}}), RavenConfig{}) << "ConfigMap data is text";
}

TEST(RavenConfig, GatewayOverridesByAnnotation) {
  Gateway gateway;
  const RavenConfig both{true, true};
  EXPECT_EQ(both.for_gateway(gateway), both);
  gateway.annotations = {{"raven.openyurt.io/enable-tunnel", "false"}};
  EXPECT_EQ(both.for_gateway(gateway), (RavenConfig{false, true}));
  gateway.annotations = {{"raven.openyurt.io/enable-proxy", "true"}};
  EXPECT_EQ(RavenConfig{}.for_gateway(gateway), (RavenConfig{false, true}));
}

}  // namespace
}  // namespace raven::model
