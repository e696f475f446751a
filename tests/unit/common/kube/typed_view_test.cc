// SPDX-License-Identifier: Apache-2.0
#include "common/kube/typed_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kube/json_value.h"

namespace raven::kube {
namespace {

using testing::ElementsAre;
using testing::Pair;

unsigned parsed = 0;

Result<std::string> parse_name(const Json& object) {
  ++parsed;
  std::string name = text_or(object, {"name"});
  if (name.empty()) return Error{ErrorCode::kInvalid, "has no name"};
  return name;
}

Object named(const char* name) {
  return std::make_shared<const Json>(Json{{"name", name}});
}

TEST(TypedView, ParsesOnlyWhatChanged) {
  TypedView<std::string> view{parse_name};
  Objects objects{{"a", named("alpha")}, {"b", named("beta")}};
  const auto refresh = [&] {
    parsed = 0;
    return view.refresh(std::make_shared<const Objects>(objects));
  };
  EXPECT_TRUE(refresh());
  EXPECT_EQ(parsed, 2u);
  objects["b"] = named("bravo");
  objects["c"] = named("");
  EXPECT_TRUE(refresh());
  EXPECT_EQ(parsed, 2u);
  EXPECT_THAT(view.all(), ElementsAre(Pair("a", "alpha"), Pair("b", "bravo")));
  EXPECT_THAT(view.unreadable(), ElementsAre(Pair("c", "has no name")));
  objects.erase("a");
  objects["c"] = named("charlie");
  EXPECT_TRUE(refresh());
  EXPECT_EQ(parsed, 1u);
  EXPECT_THAT(view.all(), ElementsAre(Pair("b", "bravo"), Pair("c", "charlie")));
  EXPECT_THAT(view.unreadable(), testing::IsEmpty());
}

TEST(TypedView, KnowsASnapshotAgain) {
  TypedView<std::string> view{parse_name};
  const auto snapshot = std::make_shared<const Objects>(Objects{{"a", named("alpha")}});
  EXPECT_TRUE(view.refresh(snapshot));
  EXPECT_FALSE(view.refresh(snapshot));
}

}  // namespace
}  // namespace raven::kube
