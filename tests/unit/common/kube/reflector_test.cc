// SPDX-License-Identifier: Apache-2.0
#include "common/kube/reflector.h"

#include <gtest/gtest.h>

#include "common/kube/json_value.h"
#include "common/kube/line_splitter.h"

namespace raven::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Kind kGateways{"raven.openyurt.io", "v1beta1", "gateways", "Gateway", false};

Json object(const std::string& name, const std::string& version) {
  return {{"metadata", {{"name", name}, {"uid", "u-" + name}, {"resourceVersion", version}}}};
}

std::string list_body(
    const std::vector<Json>& items, const std::string& version, const std::string& more = ""
) {
  Json list{{"metadata", {{"resourceVersion", version}}}, {"items", items}};
  if (!more.empty()) list["metadata"]["continue"] = more;
  return dump_json(list);
}

std::string event(const std::string& type, const Json& about) {
  return dump_json({{"type", type}, {"object", about}});
}

HttpAnswer answer(long status, std::string body = "") {
  HttpAnswer result;
  result.end = HttpAnswer::End::kComplete;
  result.status = status;
  result.body = std::move(body);
  return result;
}

HttpAnswer broken(long status = 0) {
  HttpAnswer result;
  result.end = HttpAnswer::End::kTransport;
  result.status = status;
  result.reason = "connection reset";
  return result;
}

// A reflector with a clock, and shorthands for what a server does.
class ReflectorTest : public testing::Test {
 protected:
  Reflector::Request begin() { return reflector_.begin(now_); }
  milliseconds done(const HttpAnswer& result) { return reflector_.on_done(result, now_); }
  bool line(std::string_view text) { return reflector_.on_line(text, now_); }

  void list(const std::vector<Json>& items, const std::string& version) {
    const auto request = begin();
    EXPECT_FALSE(request.is_watch) << request.target;
    EXPECT_EQ(done(answer(200, list_body(items, version))), milliseconds{0});
  }
  std::string names() const {
    std::string result;
    const Snapshot snapshot = reflector_.snapshot();
    for (const auto& [key, value] : *snapshot) result += key + "@" + resource_version(*value) + " ";
    return result;
  }

  Instant now_{seconds{1000}};
  Reflector reflector_{WatchSpec{kGateways}, seconds{45}, 1};
};

TEST_F(ReflectorTest, ListsThenWatchesFromTheVersionOfTheList) {
  EXPECT_FALSE(reflector_.synced());
  EXPECT_EQ(begin().target, "/apis/raven.openyurt.io/v1beta1/gateways?limit=500");
  EXPECT_EQ(done(answer(200, list_body({object("a", "3")}, "100"))), milliseconds{0});
  EXPECT_TRUE(reflector_.synced());
  EXPECT_EQ(names(), "a@3 ");
  const auto watch = begin();
  EXPECT_TRUE(watch.is_watch);
  EXPECT_NE(watch.target.find("&resourceVersion=100"), std::string::npos) << watch.target;
  EXPECT_NE(watch.target.find("allowWatchBookmarks=true"), std::string::npos);
  // The hard end lies after the time that the server is asked to end it.
  EXPECT_GE(watch.timeout, seconds{45} * 9 / 10 + seconds{10});
  EXPECT_LE(watch.timeout, seconds{45} * 11 / 10 + seconds{10});
}

TEST_F(ReflectorTest, SelectorsGoToTheServerEscaped) {
  Reflector reflector{{kGateways, "", "cloud", "a.b/c=true"}, seconds{45}, 1};
  EXPECT_EQ(
      reflector.begin(now_).target,
      "/apis/raven.openyurt.io/v1beta1/gateways?limit=500&fieldSelector=metadata.name%3Dcloud"
      "&labelSelector=a.b%2Fc%3Dtrue"
  );
}

TEST_F(ReflectorTest, EventsChangeTheCopyAndMoveTheVersion) {
  list({object("a", "3")}, "100");
  begin();
  EXPECT_TRUE(line(event("ADDED", object("b", "101"))));
  EXPECT_TRUE(line(event("MODIFIED", object("a", "102"))));
  EXPECT_TRUE(line(event("MODIFIED", object("c", "103"))));  // first seen as modified
  EXPECT_TRUE(line(event("DELETED", object("b", "104"))));
  EXPECT_TRUE(line(event("DELETED", object("never-seen", "105"))));
  EXPECT_EQ(names(), "a@102 c@103 ");
  EXPECT_EQ(done(answer(200)), milliseconds{0});
  EXPECT_NE(begin().target.find("resourceVersion=105"), std::string::npos);
}

TEST_F(ReflectorTest, BookmarkMovesTheVersionAndNothingElse) {
  list({object("a", "3")}, "100");
  begin();
  const uint64_t before = reflector_.revision();
  EXPECT_TRUE(line(event("BOOKMARK", {{"metadata", {{"resourceVersion", "opaque-x"}}}})));
  EXPECT_EQ(reflector_.revision(), before);
  done(answer(200));
  EXPECT_NE(begin().target.find("resourceVersion=opaque-x"), std::string::npos);
}

TEST_F(ReflectorTest, ExpiredListsAnewAndKeepsAllUntilTheListIsThere) {
  list({object("a", "3"), object("b", "4")}, "100");
  begin();
  EXPECT_FALSE(line(event("ERROR", {{"kind", "Status"}, {"code", 410}, {"reason", "Expired"}})));
  EXPECT_LT(done(answer(200)), milliseconds{500});
  EXPECT_EQ(names(), "a@3 b@4 ");
  EXPECT_FALSE(begin().is_watch);
  EXPECT_GT(done(broken()), milliseconds{0});
  EXPECT_EQ(names(), "a@3 b@4 ");
  list({object("b", "9"), object("c", "8")}, "200");
  EXPECT_EQ(names(), "b@9 c@8 ");
  EXPECT_EQ(reflector_.status().expirations, 1u);
  EXPECT_EQ(reflector_.status().lists, 2u);
}

TEST_F(ReflectorTest, Http410OnAWatchIsTheSame) {
  list({}, "100");
  begin();
  done(answer(410));
  EXPECT_FALSE(begin().is_watch);
}

TEST_F(ReflectorTest, PagesArePutTogetherAndShownAtOnce) {
  begin();
  EXPECT_EQ(done(answer(200, list_body({object("a", "1")}, "100", "next+page"))), milliseconds{0});
  EXPECT_FALSE(reflector_.synced());
  EXPECT_EQ(names(), "");
  const auto second = begin();
  EXPECT_NE(second.target.find("&continue=next%2Bpage"), std::string::npos);
  done(answer(200, list_body({object("b", "2")}, "100")));
  EXPECT_TRUE(reflector_.synced());
  EXPECT_EQ(names(), "a@1 b@2 ");
}

TEST_F(ReflectorTest, ExpiredPageStartsTheListOver) {
  begin();
  done(answer(200, list_body({object("gone-meanwhile", "1")}, "100", "token")));
  begin();
  done(answer(410));
  EXPECT_EQ(begin().target.find("continue"), std::string::npos);
  done(answer(200, list_body({object("b", "2")}, "200")));
  EXPECT_EQ(names(), "b@2 ");
}

TEST_F(ReflectorTest, ConnectionErrorWatchesOnWithoutAList) {
  list({object("a", "3")}, "100");
  begin();
  line(event("MODIFIED", object("a", "101")));
  EXPECT_GE(done(broken(200)), milliseconds{800});
  const auto next = begin();
  EXPECT_TRUE(next.is_watch);
  EXPECT_NE(next.target.find("resourceVersion=101"), std::string::npos);
  EXPECT_EQ(names(), "a@101 ");
}

TEST_F(ReflectorTest, RetriesGetSlowerUpToAMinuteAndStartOverAfterSuccess) {
  milliseconds last{0}, most{0};
  for (int i = 0; i < 12; ++i) {
    begin();
    last = done(answer(403, R"({"message":"forbidden"})"));
    EXPECT_GE(last, milliseconds{800});
    most = std::max(most, last);
  }
  EXPECT_GE(most, seconds{30});
  EXPECT_LE(most, seconds{60});
  EXPECT_EQ(reflector_.status().errors, 12u);
  EXPECT_NE(reflector_.status().last_error.find("forbidden"), std::string::npos);
  list({}, "1");
  EXPECT_EQ(reflector_.status().last_error, "");
  begin();
  EXPECT_LE(done(broken()), milliseconds{1600});
}

TEST_F(ReflectorTest, ServerMayAskForALongerPauseButNotForEver) {
  begin();
  HttpAnswer busy = answer(429);
  busy.retry_after = seconds{20};
  EXPECT_EQ(done(busy), seconds{20});
  begin();
  busy.retry_after = seconds{100'000};
  EXPECT_EQ(done(busy), seconds{60});
}

TEST_F(ReflectorTest, WatchThatEndsAtOnceWithoutAWordIsNotAskedInALoop) {
  list({}, "100");
  begin();
  EXPECT_GE(done(answer(200)), milliseconds{800});
  begin();
  now_ += seconds{2};
  EXPECT_EQ(done(answer(200)), milliseconds{0});
}

TEST_F(ReflectorTest, ManagedFieldsAreNotKeptAndTypesAreFilledIn) {
  Json item = object("a", "3");
  item["metadata"]["managedFields"] = Json::array({Json::object()});
  item["metadata"]["annotations"] = {
      {"kubectl.kubernetes.io/last-applied-configuration", "{}"}, {"kept", "x"}};
  list({item}, "100");
  const Object stored = reflector_.snapshot()->at("a");
  EXPECT_EQ(find(*stored, {"metadata", "managedFields"}), nullptr);
  EXPECT_EQ(string_map(*stored, {"metadata", "annotations"}).size(), 1u);
  EXPECT_EQ(text_or(*stored, {"apiVersion"}), "raven.openyurt.io/v1beta1");
  EXPECT_EQ(text_or(*stored, {"kind"}), "Gateway");
}

TEST_F(ReflectorTest, NullItemsAreAnEmptyList) {
  begin();
  done(answer(200, R"({"metadata":{"resourceVersion":"5"},"items":null})"));
  EXPECT_TRUE(reflector_.synced());
}

struct BadLine {
  const char* name;
  const char* text;
};

class BadWatchLine : public ReflectorTest, public testing::WithParamInterface<BadLine> {};

TEST_P(BadWatchLine, EndsTheStreamAndListsAnewWithoutLosingAnything) {
  list({object("a", "3")}, "100");
  begin();
  EXPECT_FALSE(line(GetParam().text));
  HttpAnswer aborted = broken(200);
  aborted.end = HttpAnswer::End::kAborted;
  EXPECT_GE(done(aborted), milliseconds{800});
  EXPECT_FALSE(begin().is_watch);
  EXPECT_EQ(names(), "a@3 ");
}

INSTANTIATE_TEST_SUITE_P(
    all, BadWatchLine,
    testing::Values(
        BadLine{"cut", R"({"type":"ADDED","object":{)"}, BadLine{"not_an_object", "[]"},
        BadLine{"no_type", R"({"object":{}})"}, BadLine{"no_object", R"({"type":"ADDED"})"},
        BadLine{"object_is_text", R"({"type":"ADDED","object":"x"})"},
        BadLine{"no_name", R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"5"}}})"},
        BadLine{"no_version", R"({"type":"ADDED","object":{"metadata":{"name":"b"}}})"},
        BadLine{
            "unknown_type",
            R"({"type":"MOVED","object":{"metadata":{"name":"a","resourceVersion":"5"}}})"},
        BadLine{"other_error", R"({"type":"ERROR","object":{"code":500,"message":"etcd"}})"}
    ),
    [](const auto& each) { return each.param.name; }
);

struct BadList {
  const char* name;
  const char* body;
};

class BadListBody : public ReflectorTest, public testing::WithParamInterface<BadList> {};

TEST_P(BadListBody, IsNotTakenEvenInPart) {
  list({object("a", "3")}, "100");
  begin();
  done(answer(410));
  begin();
  EXPECT_GE(done(answer(200, GetParam().body)), milliseconds{800});
  EXPECT_EQ(names(), "a@3 ");
  EXPECT_FALSE(begin().is_watch);
}

INSTANTIATE_TEST_SUITE_P(
    all, BadListBody,
    testing::Values(
        BadList{"empty", ""}, BadList{"html", "<html>"},
        BadList{"no_version", R"({"items":[{"metadata":{"name":"x"}}]})"},
        BadList{"item_without_name", R"({"metadata":{"resourceVersion":"5"},"items":[{}]})"},
        BadList{"item_no_object", R"({"metadata":{"resourceVersion":"5"},"items":[7]})"},
        BadList{"metadata_is_text", R"({"metadata":"x","items":[]})"}
    ),
    [](const auto& each) { return each.param.name; }
);

TEST(LineSplitter, GivesTheSameLinesWhereverTheStreamIsCut) {
  const std::string stream = "first\n\nsecond line\nthird\nunfinished";
  const std::vector<std::string> expected{"first", "second line", "third"};
  for (std::size_t a = 0; a <= stream.size(); ++a) {
    for (std::size_t b = a; b <= stream.size(); ++b) {
      LineSplitter splitter{100};
      std::vector<std::string> lines;
      const auto take = [&](std::string_view line) {
        lines.emplace_back(line);
        return true;
      };
      EXPECT_TRUE(splitter.feed(std::string_view{stream}.substr(0, a), take));
      EXPECT_TRUE(splitter.feed(std::string_view{stream}.substr(a, b - a), take));
      EXPECT_TRUE(splitter.feed(std::string_view{stream}.substr(b), take));
      EXPECT_EQ(lines, expected);
    }
  }
}

TEST(LineSplitter, RefusesALineThatIsTooLongBeforeItIsComplete) {
  LineSplitter splitter{10};
  const auto take = [](std::string_view) { return true; };
  EXPECT_TRUE(splitter.feed("0123456789", take));
  EXPECT_FALSE(splitter.feed("x", take));
}

TEST(LineSplitter, StopsWhenTold) {
  LineSplitter splitter{10};
  int lines = 0;
  EXPECT_FALSE(splitter.feed("a\nb\nc\n", [&](std::string_view) { return ++lines < 2; }));
  EXPECT_EQ(lines, 2);
}

}  // namespace
}  // namespace raven::kube
