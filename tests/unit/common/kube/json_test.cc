// SPDX-License-Identifier: Apache-2.0
#include "common/kube/json.h"

#include <gtest/gtest.h>

#include "common/kube/json_value.h"

namespace raven::kube {
namespace {

struct HostileCase {
  const char* name;
  std::string text;
};

class HostileJson : public testing::TestWithParam<HostileCase> {};

TEST_P(HostileJson, IsRefusedWithoutACrash) {
  const auto parsed = parse_json(GetParam().text);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
  EXPECT_LT(parsed.error().message.size(), 400u);
}

INSTANTIATE_TEST_SUITE_P(
    all, HostileJson,
    testing::Values(
        HostileCase{"empty", ""}, HostileCase{"cut", R"({"a":)"},
        HostileCase{"two_values", "{} {}"}, HostileCase{"nan", R"({"a":NaN})"},
        HostileCase{"number_too_large", R"({"a":1e400})"},
        HostileCase{"member_twice", R"({"a":1,"b":{"c":1,"c":2}})"},
        HostileCase{"invalid_utf8", "{\"a\":\"\xff\xfe\"}"},
        HostileCase{"control_character", "{\"a\":\"\x01\"}"},
        HostileCase{"deep_array", std::string(10'000, '[') + std::string(10'000, ']')},
        HostileCase{"deep_array_unclosed", std::string(1'000'000, '[')},
        HostileCase{"single_quotes", "{'a':1}"}, HostileCase{"comment", "{/*x*/}"}
    ),
    [](const auto& each) { return each.param.name; }
);

TEST(Json, LargerThanTheLimitIsRefusedBeforeParsing) {
  EXPECT_TRUE(parse_json("[1,2,3]", {.bytes_max = 7}).ok());
  EXPECT_FALSE(parse_json("[1,2,3]", {.bytes_max = 6}).ok());
}

TEST(Json, NestingUpToTheLimitIsTaken) {
  EXPECT_TRUE(parse_json("[[[]]]", {.depth_max = 3}).ok());
  EXPECT_FALSE(parse_json("[[[[]]]]", {.depth_max = 3}).ok());
}

TEST(Json, SameMemberInSiblingObjectsIsFine) {
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":2,"b":{"a":3}}])").ok());
}

TEST(Json, GettersNeverFailOnOtherTypes) {
  const auto json = parse_json(R"({"text":"x","number":7,"float":1.5,"list":[1],"null":null,
                                   "object":{"inner":"y"},"huge":18446744073709551615})");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(text_or(*json, {"object", "inner"}), "y");
  EXPECT_EQ(text_or(*json, {"text", "inner"}, "none"), "none");
  EXPECT_EQ(text_or(*json, {"number"}, "none"), "none");
  EXPECT_EQ(find_integer(*json, {"number"}), 7);
  EXPECT_EQ(find_integer(*json, {"float"}), std::nullopt);
  EXPECT_EQ(find_integer(*json, {"huge"}), std::nullopt);
  EXPECT_EQ(find_integer(*json, {"text"}), std::nullopt);
  EXPECT_EQ(find_bool(*json, {"number"}), std::nullopt);
  EXPECT_EQ(find(*json, {"null"}), nullptr);
  EXPECT_EQ(elements(*json, {"list"}).size(), 1u);
  EXPECT_TRUE(elements(*json, {"object"}).empty());
  EXPECT_TRUE(string_map(*json, {"list"}).empty());
}

TEST(Json, StringMapLeavesOutWhatIsNoText) {
  const auto json = parse_json(R"({"a":"1","b":2,"c":null})");
  const std::map<std::string, std::string> expected{{"a", "1"}};
  EXPECT_EQ(string_map(*json, {}), expected);
}

TEST(Json, DumpReplacesWhatIsNoUtf8) {
  EXPECT_EQ(dump_json(Json{"\xff"}), "[\"\xef\xbf\xbd\"]");
}

}  // namespace
}  // namespace raven::kube
