// OwnWrites and RetryTimes: what the loop remembers between passes.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/own_writes.h"

#include <gtest/gtest.h>

#include "common/kube/json_value.h"
#include "ctrl/controller/retry.h"

namespace raven::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

kube::Object object(const char* text) {
  return std::make_shared<const kube::Json>(text);
}

kube::Snapshot snapshot_of(const kube::Object& value) {
  return std::make_shared<const kube::Objects>(kube::Objects{{"edge", value}});
}

TEST(OwnWrites, ASnapshotWithoutWritesIsPassedOnAsItIs) {
  OwnWrites writes;
  const auto snapshot = snapshot_of(object("seen"));
  EXPECT_EQ(writes.apply(snapshot), snapshot);
}

TEST(OwnWrites, AWriteCountsUntilTheWatchShowsSomethingNewer) {
  OwnWrites writes;
  const auto base = object("seen");
  const auto stored = object("stored");
  writes.note("edge", base, stored);
  EXPECT_EQ(writes.apply(snapshot_of(base))->at("edge"), stored);
  const auto newer = object("newer");
  EXPECT_EQ(writes.apply(snapshot_of(newer))->at("edge"), newer);
  // It has been seen: the old one does not come back.
  EXPECT_EQ(writes.apply(snapshot_of(base))->at("edge"), base);
}

TEST(OwnWrites, ASecondWriteOnTopOfTheFirstKeepsTheBase) {
  OwnWrites writes;
  const auto base = object("seen");
  const auto first = object("first");
  const auto second = object("second");
  writes.note("edge", base, first);
  writes.note("edge", first, second);
  EXPECT_EQ(writes.apply(snapshot_of(base))->at("edge"), second);
}

TEST(OwnWrites, ADeletedObjectStaysDeleted) {
  OwnWrites writes;
  writes.note("edge", object("seen"), object("stored"));
  EXPECT_TRUE(writes.apply(std::make_shared<const kube::Objects>())->empty());
}

TEST(RetryTimes, AFailurePausesLongerEachTimeAndOthersAreNotHeldUp) {
  RetryTimes retries{1};
  Instant now{seconds{100}};
  EXPECT_TRUE(retries.may_try("a", now));
  auto last = milliseconds{0};
  for (int i = 0; i < 8; ++i) {
    retries.failed("a", now);
    EXPECT_FALSE(retries.may_try("a", now));
    EXPECT_TRUE(retries.may_try("b", now));
    const auto pause = std::chrono::duration_cast<milliseconds>(*retries.next(now) - now);
    EXPECT_GT(pause, last);
    last = pause;
    now = *retries.next(now);
    EXPECT_TRUE(retries.may_try("a", now));
  }
  retries.succeeded("a");
  EXPECT_EQ(retries.next(now), std::nullopt);
}

}  // namespace
}  // namespace raven::controller
