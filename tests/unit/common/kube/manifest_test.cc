// SPDX-License-Identifier: Apache-2.0
#include "common/kube/manifest.h"

#include <gtest/gtest.h>

#include "common/kube/json_value.h"

namespace raven::kube {
namespace {

Json only_document(std::string_view text) {
  const auto documents = parse_manifests("f.yaml", text);
  EXPECT_TRUE(documents.ok()) << documents.error().message;
  EXPECT_EQ(documents->size(), 1u);
  return documents->empty() ? Json{} : documents->front();
}

TEST(Manifest, YamlScalarsGetJsonTypes) {
  const Json json = only_document(R"(
text: word
quoted_number: "4500"
number: 4500
negative: -3
float: 1.5
yes_is_text: yes
on: true
off: false
empty:
none: null
tilde: ~
version: 1.2.3
date: 2024-05-01T00:00:00Z
octal_is_decimal: 010
infinity_is_text: .inf
cidr: 10.1.0.0/16
)");
  EXPECT_EQ(json["text"], "word");
  EXPECT_EQ(json["quoted_number"], "4500");
  EXPECT_EQ(json["number"], 4500);
  EXPECT_EQ(json["negative"], -3);
  EXPECT_EQ(json["float"], 1.5);
  EXPECT_EQ(json["yes_is_text"], "yes");
  EXPECT_EQ(json["on"], true);
  EXPECT_EQ(json["off"], false);
  EXPECT_TRUE(json["empty"].is_null());
  EXPECT_TRUE(json["none"].is_null());
  EXPECT_TRUE(json["tilde"].is_null());
  EXPECT_EQ(json["version"], "1.2.3");
  EXPECT_EQ(json["date"], "2024-05-01T00:00:00Z");
  EXPECT_EQ(json["octal_is_decimal"], 10);
  EXPECT_EQ(json["infinity_is_text"], ".inf");
  EXPECT_EQ(json["cidr"], "10.1.0.0/16");
}

TEST(Manifest, SeveralDocumentsYamlAndJsonMixed) {
  const auto documents = parse_manifests(
      "f.yaml",
      "# a comment\n---\na: 1\n---\n# nothing\n---\n# json\n{\"a\": 2}\n---\na: [3, {b: x}]\n"
  );
  ASSERT_TRUE(documents.ok()) << documents.error().message;
  ASSERT_EQ(documents->size(), 3u);
  EXPECT_EQ((*documents)[0]["a"], 1);
  EXPECT_EQ((*documents)[1]["a"], 2);
  EXPECT_EQ((*documents)[2]["a"][1]["b"], "x");
}

TEST(Manifest, WindowsLineEndsAreTaken) {
  const auto documents = parse_manifests("f.yaml", "a: 1\r\n---\r\na: 2\r\n");
  ASSERT_TRUE(documents.ok());
  EXPECT_EQ(documents->size(), 2u);
}

TEST(Manifest, NothingGivesNoDocuments) {
  EXPECT_TRUE(parse_manifests("f.yaml", "")->empty());
  EXPECT_TRUE(parse_manifests("f.yaml", "---\n---\n\n# x\n")->empty());
}

TEST(Manifest, WhatWeWriteComesBackEqual) {
  const Json object{
      {"text", "true"}, {"number", "010"}, {"multi", "a\nb: ---\n"}, {"list", {1, nullptr}}};
  EXPECT_EQ(only_document(dump_json_pretty(object)), object);
}

struct BadCase {
  const char* name;
  std::string text;
  const char* message_part;
};

class BadManifest : public testing::TestWithParam<BadCase> {};

TEST_P(BadManifest, IsRefusedWithItsPlace) {
  const auto documents = parse_manifests("f.yaml", GetParam().text);
  ASSERT_FALSE(documents.ok());
  EXPECT_NE(documents.error().message.find(GetParam().message_part), std::string::npos)
      << documents.error().message;
}

std::string alias_bomb() {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string name = "a" + std::to_string(i), before = "*a" + std::to_string(i - 1);
    text += name + ": &" + name + " [";
    for (int j = 0; j < 9; ++j) text += before + ",";
    text += before + "]\n";
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    all, BadManifest,
    testing::Values(
        BadCase{"unclosed", "a: [1, 2\n", "f.yaml:"},
        BadCase{"second_document", "a: 1\n---\nb: {\n", "f.yaml:4"},
        BadCase{"member_twice", "a: 1\nb: 2\na: 3\n", "f.yaml:3"},
        BadCase{"tab_indent", "a:\n\t- b\n", "f.yaml:"},
        BadCase{"alias_bomb", alias_bomb(), "f.yaml:1"},
        BadCase{"deep", std::string(200, '[') + std::string(200, ']'), "f.yaml:"},
        BadCase{"name_is_a_list", "[a]: b\n", "f.yaml:1"}
    ),
    [](const auto& each) { return each.param.name; }
);

}  // namespace
}  // namespace raven::kube
