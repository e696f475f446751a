// SPDX-License-Identifier: Apache-2.0
#include "common/kube/object.h"

#include <gtest/gtest.h>

#include "common/kube/time_text.h"
#include "common/kube/url.h"

namespace raven::kube {
namespace {

TEST(ObjectName, ValidNamesAreDnsSubdomains) {
  for (const char* name : {"a", "edge-1", "a.b.c", "0", "raven-gateway-cloud-gw1"})
    EXPECT_TRUE(is_valid_object_name(name)) << name;
  for (const char* name :
       {"", "A", "a_b", "../x", "a/b", ".a", "a.", "-a", "a-", "a..b", "a b", "\xc3\xa4"})
    EXPECT_FALSE(is_valid_object_name(name)) << name;
  EXPECT_TRUE(is_valid_object_name(std::string(253, 'a')));
  EXPECT_FALSE(is_valid_object_name(std::string(254, 'a')));
}

TEST(Url, PathsFollowTheApiConventions) {
  const Kind gateways{"raven.openyurt.io", "v1beta1", "gateways", "Gateway", false};
  const Kind secrets{"", "v1", "secrets", "Secret", true};
  EXPECT_EQ(collection_path(gateways, ""), "/apis/raven.openyurt.io/v1beta1/gateways");
  EXPECT_EQ(collection_path(secrets, ""), "/api/v1/secrets");
  EXPECT_EQ(object_path(secrets, {"kube-system", "x"}), "/api/v1/namespaces/kube-system/secrets/x");
  EXPECT_EQ(
      object_path(gateways, {"", "../../a?b#c"}),
      "/apis/raven.openyurt.io/v1beta1/gateways/..%2F..%2Fa%3Fb%23c"
  );
}

TEST(TimeText, MicroTimeHasExactlySixDecimals) {
  EXPECT_EQ(utc_text(1714558830), "2024-05-01T10:20:30Z");
  for (int i = 0; i < 100; ++i) {
    const std::string text = micro_time_now();
    ASSERT_EQ(text.size(), std::string{"2024-05-01T10:20:30.123456Z"}.size()) << text;
    EXPECT_EQ(text[19], '.');
    EXPECT_EQ(text.back(), 'Z');
  }
}

}  // namespace
}  // namespace raven::kube
