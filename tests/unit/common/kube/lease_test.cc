// SPDX-License-Identifier: Apache-2.0
#include "common/kube/lease.h"

#include <gtest/gtest.h>

#include "common/kube/json_value.h"

namespace raven::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Instant kStart{seconds{100}};

LeaseRecord record(
    const std::string& holder, const std::string& renewed, seconds duration = seconds{4}
) {
  LeaseRecord result;
  result.holder = holder;
  result.renew_time = renewed;
  result.duration = duration;
  return result;
}

TEST(LeaseObserver, RecordIsFreshForItsDurationAfterItsLastChange) {
  LeaseObserver observer;
  EXPECT_TRUE(observer.observe("a", record("x", "1"), kStart));
  EXPECT_TRUE(observer.observe("a", record("x", "1"), kStart + milliseconds{3'999}));
  EXPECT_FALSE(observer.observe("a", record("x", "1"), kStart + seconds{4}));
  EXPECT_TRUE(observer.observe("a", record("x", "2"), kStart + seconds{60}));
  EXPECT_EQ(observer.stale_at("a"), kStart + seconds{64});
}

TEST(LeaseObserver, RenewTimeIsOnlyComparedForBeingAnother) {
  LeaseObserver observer;
  EXPECT_TRUE(observer.observe("a", record("x", "2999-01-01T00:00:00.000000Z"), kStart));
  EXPECT_FALSE(
      observer.observe("a", record("x", "2999-01-01T00:00:00.000000Z"), kStart + seconds{5})
  );
  EXPECT_TRUE(observer.observe("a", record("x", "1970-01-01T00:00:00.000000Z"), kStart + seconds{6})
  );
}

TEST(LeaseObserver, NobodyIsNeverFresh) {
  LeaseObserver observer;
  EXPECT_FALSE(observer.observe("a", record("", "1"), kStart));
}

TEST(LeaseObserver, KeysDoNotMixAndCanBeForgotten) {
  LeaseObserver observer;
  observer.observe("a", record("x", "1"), kStart);
  EXPECT_EQ(observer.stale_at("b"), std::nullopt);
  observer.forget("a");
  EXPECT_EQ(observer.stale_at("a"), std::nullopt);
  EXPECT_TRUE(observer.observe("a", record("x", "1"), kStart + seconds{9}));
}

TEST(LeaseRecord, HostileDurationsAreClamped) {
  for (const Json& duration : {Json(-5), Json(int64_t{1} << 62), Json("x"), Json(1e30), Json()}) {
    const auto parsed = LeaseRecord::from_json({{"spec", {{"leaseDurationSeconds", duration}}}});
    EXPECT_GE(parsed.duration, seconds{0});
    EXPECT_LE(parsed.duration, seconds{3600});
  }
}

TEST(LeaseRecord, ComesBackFromItsJson) {
  LeaseRecord before = record("h", "r");
  before.acquire_time = "a";
  before.transitions = 7;
  const LeaseRecord after = LeaseRecord::from_json({{"spec", before.spec_json()}});
  EXPECT_EQ(after.holder, "h");
  EXPECT_EQ(after.renew_time, "r");
  EXPECT_EQ(after.acquire_time, "a");
  EXPECT_EQ(after.transitions, 7);
  EXPECT_EQ(after.duration, seconds{4});
}

}  // namespace
}  // namespace raven::kube
