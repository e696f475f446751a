// SPDX-License-Identifier: Apache-2.0
#include "common/kube/directory_cluster.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "common/base/file.h"
#include "common/kube/events.h"
#include "common/kube/json_value.h"
#include "common/kube/leader_elector.h"
#include "tests/lib/change_signal.h"
#include "tests/lib/temporary_folder.h"

namespace raven::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::kPatience;
using Signal = test::ChangeSignal;

const Kind kGateways{"raven.openyurt.io", "v1beta1", "gateways", "Gateway", false};
const Kind kEvents{"", "v1", "events", "Event", true};

class DirectoryClusterTest : public testing::Test {
 protected:
  std::unique_ptr<Cluster> open() {
    auto cluster = open_cluster("dir:" + disk_.path());
    EXPECT_TRUE(cluster.ok()) << cluster.error().message;
    return std::move(*cluster);
  }
  test::TemporaryFolder disk_;
  Signal signal;  // outlives the clusters, whose threads raise it
};

TEST_F(DirectoryClusterTest, SeesWhatOthersWrite) {
  const auto reader = open(), writer = open();
  const WatchId all = reader->watch({kGateways});
  const WatchId labelled = reader->watch({.kind = kGateways, .label_selector = "site=edge"});
  ASSERT_TRUE(reader->start([&] { signal.raise(); }).ok());
  ASSERT_TRUE(signal.wait_for([&] { return reader->synced(); }));
  EXPECT_TRUE(reader->snapshot(all)->empty());

  ASSERT_TRUE(writer->create(kGateways, {{"metadata", {{"name", "cloud"}}}}).ok());
  const Json edge{{"metadata", {{"name", "edge"}, {"labels", {{"site", "edge"}}}}}};
  ASSERT_TRUE(writer->create(kGateways, edge).ok());
  EXPECT_TRUE(signal.wait_for([&] {  // one watch after the other is brought up to date
    return reader->snapshot(all)->size() == 2 && reader->snapshot(labelled)->size() == 1;
  }));

  const Snapshot before = reader->snapshot(all);
  ASSERT_TRUE(writer->remove(kGateways, {"", "cloud"}).ok());
  EXPECT_TRUE(signal.wait_for([&] { return reader->snapshot(all)->size() == 1; }));
  EXPECT_EQ(before->size(), 2u) << "a snapshot never changes";
  reader->stop();
  reader->stop();
}

TEST_F(DirectoryClusterTest, CountersOfTwoProcessesLoseNoUpdate) {
  constexpr int kRounds = 60;
  const auto cluster = open();
  const ObjectName name{"", "counter"};
  ASSERT_TRUE(
      cluster->create(kGateways, {{"metadata", {{"name", "counter"}}}, {"spec", {{"n", 0}}}}).ok()
  );
  const auto count = [&](Cluster& mine) {
    for (int done = 0; done < kRounds;) {
      auto object = mine.get(kGateways, name);
      if (!object) return false;
      (*object)["spec"]["n"] = find_integer(*object, {"spec", "n"}).value_or(0) + 1;
      const auto updated = mine.update(kGateways, *object);
      if (!updated && updated.error().code != ErrorCode::kConflict) return false;
      if (updated) ++done;
    }
    return true;
  };
  const pid_t child = ::fork();
  if (child == 0) {
    const auto mine = open();
    ::_exit(count(*mine) ? 0 : 1);
  }
  EXPECT_TRUE(count(*cluster));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(find_integer(*cluster->get(kGateways, name), {"spec", "n"}), 2 * kRounds);
}

TEST_F(DirectoryClusterTest, BrokenFileShowsInHealthAndTakesNothingAway) {
  const auto cluster = open();
  const WatchId id = cluster->watch({kGateways});
  ASSERT_TRUE(cluster->create(kGateways, {{"metadata", {{"name", "cloud"}}}}).ok());
  ASSERT_TRUE(cluster->start([&] { signal.raise(); }).ok());
  ASSERT_TRUE(signal.wait_for([&] { return cluster->synced(); }));
  ASSERT_TRUE(write_file_atomic(disk_.file("gateways/cloud.yaml"), "{").ok());
  // A second, good file tells that the first has been looked at.
  ASSERT_TRUE(cluster->create(kGateways, {{"metadata", {{"name", "edge"}}}}).ok());
  EXPECT_TRUE(signal.wait_for([&] { return cluster->snapshot(id)->size() == 2; }));
  EXPECT_NE(cluster->health().last_error.find("cloud.yaml"), std::string::npos);
}

TEST_F(DirectoryClusterTest, OneOfTwoElectorsLeadsAndTheOtherFollowsOnRelease) {
  const auto cluster = open(), other = open();
  const ObjectName lease{"kube-system", "raven-controller"};
  const auto raise = [&](bool) { signal.raise(); };
  LeaderElector a{*cluster, lease, {"a", seconds{3}, seconds{2}, milliseconds{200}}, raise};
  LeaderElector b{*other, lease, {"b", seconds{3}, seconds{2}, milliseconds{200}}, raise};
  a.start();
  ASSERT_TRUE(signal.wait_for([&] { return a.leads(); }));
  b.start();
  EXPECT_FALSE(b.leads());
  a.stop();
  EXPECT_FALSE(a.leads());
  ASSERT_TRUE(signal.wait_for([&] { return b.leads(); }));
  EXPECT_EQ(b.epoch(), 1);
  EXPECT_EQ(b.leader(), "b");
}

TEST_F(DirectoryClusterTest, HeartbeatIsCreatedThenRenewed) {
  const auto cluster = open();
  const Heartbeat heartbeat{
      {"kube-system", "raven-gateway-n1"}, "n1", seconds{4}, {{"beat", "true"}}};
  ASSERT_TRUE(renew_heartbeat(*cluster, heartbeat).ok());
  const auto first = cluster->get(lease_kind(), heartbeat.name);
  ASSERT_TRUE(renew_heartbeat(*cluster, heartbeat).ok());
  const auto second = cluster->get(lease_kind(), heartbeat.name);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(resource_version(*first), resource_version(*second));
  EXPECT_EQ(string_map(*second, {"metadata", "labels"}).at("beat"), "true");
  EXPECT_EQ(LeaseRecord::from_json(*second).duration, seconds{4});
}

TEST_F(DirectoryClusterTest, RepeatedEventsCountUpAndAFloodIsDropped) {
  const auto cluster = open();
  EventRecorder recorder{*cluster, "raven-test", "node-1"};
  const EventSubject subject{kGateways, {"", "cloud"}, "uid-1"};
  for (int i = 0; i < 3; ++i) recorder.record(subject, EventType::kWarning, "Lost", "gone");
  recorder.record(subject, EventType::kNormal, "Found", "back");
  ASSERT_TRUE(recorder.flush(kPatience));
  ManifestFolder folder{disk_.path()};
  const auto events = folder.list(kEvents).objects;
  ASSERT_EQ(events.size(), 2u);
  for (const auto& [key, event] : events)
    EXPECT_EQ(find_integer(*event, {"count"}), text_or(*event, {"reason"}) == "Lost" ? 3 : 1);
  for (int i = 0; i < 1000; ++i)
    recorder.record(subject, EventType::kNormal, "Flood", std::to_string(i));
  ASSERT_TRUE(recorder.flush(kPatience));
  const EventCounters counters = recorder.counters();
  EXPECT_EQ(counters.sent + counters.dropped, 1004u);
  EXPECT_GT(counters.dropped, 900u);
}

TEST_F(DirectoryClusterTest, ReadingMakesNothing) {
  EXPECT_EQ(open_cluster("dir:" + disk_.path() + "/missing").error().code, ErrorCode::kNotFound);
  const auto reader = open();
  const WatchId all = reader->watch({kGateways});
  ASSERT_TRUE(reader->start([&] { signal.raise(); }).ok());
  ASSERT_TRUE(signal.wait_for([&] { return reader->synced(); }));
  EXPECT_TRUE(std::filesystem::is_empty(disk_.path()));
  EXPECT_TRUE(reader->health().last_error.empty()) << reader->health().last_error;

  const std::string folder = disk_.path() + "/gateways";
  for (std::size_t round = 0; round < 2; ++round) {  // a folder may go and come back
    std::filesystem::create_directory(folder);
    ASSERT_TRUE(open()->create(kGateways, {{"metadata", {{"name", "cloud"}}}}).ok());
    EXPECT_TRUE(signal.wait_for([&] { return reader->snapshot(all)->size() == 1; }));
    std::filesystem::remove_all(folder);
    EXPECT_TRUE(signal.wait_for([&] { return reader->snapshot(all)->empty(); }));
  }
}

TEST(Selector, EqualityAndExistence) {
  const Json object{{"metadata", {{"labels", {{"a", "1"}, {"b", ""}}}}}};
  EXPECT_TRUE(matches_selector(object, ""));
  EXPECT_TRUE(matches_selector(object, "a=1,b"));
  EXPECT_FALSE(matches_selector(object, "a=2"));
  EXPECT_FALSE(matches_selector(object, "a,c"));
}

TEST(OpenCluster, UnknownSourceIsExplained) {
  for (const char* source : {"", "dir:", "kubeconfig:", "http://x", "Cluster"}) {
    const auto cluster = open_cluster(source);
    ASSERT_FALSE(cluster.ok()) << source;
    EXPECT_NE(cluster.error().message.find("dir:PATH"), std::string::npos);
  }
}

}  // namespace
}  // namespace raven::kube
