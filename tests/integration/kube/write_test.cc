// Writes, leases, electors and events against a real API server.
// SPDX-License-Identifier: Apache-2.0
#include "common/kube/events.h"
#include "common/kube/leader_elector.h"
#include "common/model/gateway.h"
#include "tests/integration/kube/fixture.h"

namespace raven::kube {
namespace {

using model::gateway_kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Kind kEvents{"", "v1", "events", "Event", true};

template <class T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result.ok() ? ErrorCode::kInternal : result.error().code;
}

using WriteTest = ApiServerTest;

TEST_F(WriteTest, ErrorsAreToldApart) {
  const auto limited = open_limited();
  Json gateway = make_gateway("cloud");
  EXPECT_EQ(code_of(admin_->get(gateway_kind(), {"", "absent"})), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(admin_->remove(gateway_kind(), {"", "absent"})), ErrorCode::kNotFound);
  EXPECT_EQ(
      code_of(admin_->create(gateway_kind(), {{"metadata", {{"name", "cloud"}}}})),
      ErrorCode::kExists
  );
  EXPECT_EQ(
      code_of(admin_->patch(gateway_kind(), {"", "cloud"}, {{"spec", {{"endpoints", 7}}}})),
      ErrorCode::kInvalid
  );
  const auto denied = limited->patch(gateway_kind(), {"", "cloud"}, {{"spec", Json::object()}});
  EXPECT_EQ(code_of(denied), ErrorCode::kDenied);
  EXPECT_NE(denied.error().message.find("cannot patch"), std::string::npos)
      << denied.error().message;

  gateway["spec"]["exposeType"] = "";
  ASSERT_TRUE(admin_->update(gateway_kind(), gateway).ok());
  EXPECT_EQ(code_of(admin_->update(gateway_kind(), gateway)), ErrorCode::kConflict);
  gateway["metadata"].erase("resourceVersion");
  EXPECT_EQ(code_of(admin_->update(gateway_kind(), gateway)), ErrorCode::kInvalid);
  remove_gateway("cloud");
}

TEST_F(WriteTest, StatusIsPatchedAloneAndUnderItsVersion) {
  const auto limited = open_limited();
  const Json before = make_gateway("cloud");
  model::Endpoint active;
  active.node_name = "gw1";
  active.port = 4500;
  active.config = {{"enable-l3-tunnel", "true"}};
  const Json status =
      model::gateway_status_json({{"gw1", "192.168.0.1", {"10.1.0.0/24"}}}, {active});
  const Json patch{
      {"metadata", {{"resourceVersion", resource_version(before)}}},
      {"spec", {{"exposeType", "ignored"}}},
      {"status", status}};
  const auto after = limited->patch_status(gateway_kind(), {"", "cloud"}, patch);
  ASSERT_TRUE(after.ok()) << after.error().message;
  EXPECT_EQ((*after)["status"], status) << "nothing is pruned by the shipped definition";
  EXPECT_EQ(text_or(*after, {"spec", "exposeType"}), "PublicIP");
  EXPECT_EQ(find_integer(*after, {"metadata", "generation"}), 1);
  EXPECT_EQ(
      code_of(limited->patch_status(gateway_kind(), {"", "cloud"}, patch)), ErrorCode::kConflict
  );
  remove_gateway("cloud");
}

TEST_F(WriteTest, HeartbeatIsCreatedThenRenewed) {
  const auto limited = open_limited();
  const Heartbeat heartbeat{model::heartbeat_name("gw1"), "gw1", seconds{4}, {{"beat", "true"}}};
  ASSERT_TRUE(renew_heartbeat(*limited, heartbeat).ok());
  const auto first = limited->get(lease_kind(), heartbeat.name);
  ASSERT_TRUE(renew_heartbeat(*limited, heartbeat).ok());
  const auto second = limited->get(lease_kind(), heartbeat.name);
  ASSERT_TRUE(first.ok() && second.ok());
  LeaseObserver observer;
  const Instant now = BootClock::now();
  EXPECT_TRUE(observer.observe("x", LeaseRecord::from_json(*first), now));
  EXPECT_FALSE(observer.observe("x", LeaseRecord::from_json(*first), now + seconds{4}));
  EXPECT_TRUE(observer.observe("x", LeaseRecord::from_json(*second), now + seconds{4}));
}

TEST_F(WriteTest, OneOfTwoElectorsLeadsAndLosingTheServerEndsTheTerm) {
  const auto first = open_limited(), second = open("cluster", options_);
  const ObjectName lease{"kube-system", "raven-controller-test"};
  const auto raise = [&](bool) { signal_.raise(); };
  const auto config = [](const char* identity) {
    return ElectionConfig{identity, seconds{4}, seconds{3}, milliseconds{300}};
  };
  LeaderElector a{*first, lease, config("a"), raise};
  LeaderElector b{*second, lease, config("b"), raise};
  a.start();
  ASSERT_TRUE(signal_.wait_for([&] { return a.leads(); }));
  b.start();
  ASSERT_TRUE(signal_.wait_for([&] { return b.leader() == "a"; }));
  EXPECT_FALSE(b.leads());

  server_.run("pause");
  EXPECT_TRUE(signal_.wait_for([&] { return !a.leads(); })) << "ends by its own clock";
  EXPECT_FALSE(b.leads());
  server_.run("resume");
  ASSERT_TRUE(signal_.wait_for([&] { return a.leads() || b.leads(); }));
  EXPECT_NE(a.leads(), b.leads());

  // An orderly end hands over at once.
  LeaderElector& leader = a.leads() ? a : b;
  LeaderElector& follower = a.leads() ? b : a;
  const int64_t epoch = leader.epoch();
  leader.stop();
  EXPECT_FALSE(leader.leads());
  ASSERT_TRUE(signal_.wait_for([&] { return follower.leads(); }));
  EXPECT_GT(follower.epoch(), epoch);
}

TEST_F(WriteTest, EventsAreCreatedOnceAndCountedUp) {
  const auto limited = open_limited();
  const Json gateway = make_gateway("cloud");
  const WatchId id = admin_->watch({.kind = kEvents, .name_space = "default"});
  start(*admin_);
  EventRecorder recorder{*limited, "raven-test", "node-1"};
  for (int i = 0; i < 3; ++i)
    recorder.record(
        EventSubject::of(gateway_kind(), gateway), EventType::kWarning, "ActiveEndpointLost",
        "no gateway is ready"
    );
  ASSERT_TRUE(recorder.flush(test::kPatience));
  EXPECT_EQ(recorder.counters().sent, 3u) << recorder.counters().failed;
  const auto ours = [&] {
    std::vector<Object> events;
    const Snapshot snapshot = admin_->snapshot(id);
    for (const auto& [key, event] : *snapshot)
      if (text_or(*event, {"source", "component"}) == "raven-test") events.push_back(event);
    return events;
  };
  ASSERT_TRUE(signal_.wait_for([&] {
    return !ours().empty() && find_integer(*ours().front(), {"count"}) == 3;
  }));
  ASSERT_EQ(ours().size(), 1u);
  const Object event = ours().front();
  EXPECT_EQ(text_or(*event, {"involvedObject", "name"}), "cloud");
  EXPECT_EQ(text_or(*event, {"involvedObject", "uid"}), text_or(gateway, {"metadata", "uid"}));
  EXPECT_EQ(text_or(*event, {"type"}), "Warning");
  remove_gateway("cloud");
}

}  // namespace
}  // namespace raven::kube
