// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/cluster_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <set>

#include "common/kube/json_value.h"
#include "common/kube/manifest_folder.h"
#include "common/model/names.h"

namespace raven::gateway_agent {
namespace {

// Against the directory source, which behaves as an API server does.
class ClusterWriterTest : public testing::Test {
 protected:
  ClusterWriterTest() {
    char name[] = "/tmp/cluster-writer-XXXXXX";
    folder = ::mkdtemp(name);
    cluster = std::move(*kube::open_cluster("dir:" + folder));
    cluster->watch({.kind = model::gateway_kind()});
    EXPECT_TRUE(cluster->start([] {}).ok());
    writer = std::make_unique<ClusterWriter>(*cluster, "e1", Settings{}, metrics);
    writer->set_gateway(std::make_shared<const kube::Json>(kube::Json{
        {"metadata", {{"name", "edge"}, {"uid", "u-1"}}}}));
  }
  ~ClusterWriterTest() override {
    writer.reset();  // it may still be writing an Event
    cluster->stop();
    std::filesystem::remove_all(folder);
  }
  // "Reason: message" of each Event.
  std::multiset<std::string> events() {
    writer->flush();
    kube::ManifestFolder files{folder};
    std::multiset<std::string> found;
    for (const auto& [key, event] : files.list({"", "v1", "events", "Event", true}).objects)
      found.insert(kube::text_or(*event, {"reason"}) + ": " + kube::text_or(*event, {"message"}));
    return found;
  }
  Result<kube::Json> lease() {
    return cluster->get(kube::lease_kind(), model::heartbeat_name("e1"));
  }
  kube::Object create_gateway() {
    kube::Json gateway{
        {"metadata", {{"name", "edge"}}},
        {"spec", {{"endpoints", {{{"nodeName", "e1"}, {"type", "tunnel"}}}}}}};
    return std::make_shared<const kube::Json>(
        *cluster->create(model::gateway_kind(), std::move(gateway))
    );
  }

  std::string folder;
  std::unique_ptr<kube::Cluster> cluster;
  MetricTable metrics{kMetricRows};
  std::unique_ptr<ClusterWriter> writer;
};

TEST_F(ClusterWriterTest, BeatsWhileTheDataplaneForwards) {
  ASSERT_TRUE(writer->beat({true, ""}).ok());
  const auto first = lease();
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(kube::text_or(*first, {"spec", "holderIdentity"}), "e1");
  EXPECT_EQ(kube::find_integer(*first, {"spec", "leaseDurationSeconds"}), 4);
  EXPECT_EQ(kube::text_or(*first, {"metadata", "labels", model::kHeartbeatLabel}), "true");
  ASSERT_TRUE(writer->beat({true, ""}).ok());
  EXPECT_NE(
      kube::text_or(*lease(), {"spec", "renewTime"}), kube::text_or(*first, {"spec", "renewTime"})
  );
}

TEST_F(ClusterWriterTest, WithholdsTheBeatWhenItDoesNot) {
  EXPECT_TRUE(writer->beat({false, "worker 0 does not move"}).ok());
  EXPECT_EQ(lease().error().code, ErrorCode::kNotFound);
}

TEST_F(ClusterWriterTest, HasNoHeartbeatOnANodeThatIsNoGateway) {
  writer->set_gateway(nullptr);
  EXPECT_TRUE(writer->beat({true, ""}).ok());
  EXPECT_EQ(lease().error().code, ErrorCode::kNotFound);
}

TEST_F(ClusterWriterTest, FillsInAnEmptyPublicIp) {
  const kube::Object gateway = create_gateway();
  ASSERT_TRUE(writer->fill_public_ip(gateway, *IpAddress::parse("203.0.113.7")).ok());
  const auto stored = cluster->get(model::gateway_kind(), {"", "edge"});
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ((*stored)["spec"]["endpoints"][0]["publicIP"], "203.0.113.7");
}

TEST_F(ClusterWriterTest, GivesWayToSomebodyWhoChangedTheGatewayFirst) {
  const kube::Object gateway = create_gateway();
  ASSERT_TRUE(cluster
                  ->patch(
                      model::gateway_kind(), {"", "edge"},
                      {{"metadata", {{"annotations", {{"a", "b"}}}}}}
                  )
                  .ok());
  EXPECT_TRUE(writer->fill_public_ip(gateway, *IpAddress::parse("203.0.113.7")).ok());
  const auto stored = cluster->get(model::gateway_kind(), {"", "edge"});
  ASSERT_TRUE(stored.ok());
  EXPECT_FALSE((*stored)["spec"]["endpoints"][0].contains("publicIP"));
}

TEST_F(ClusterWriterTest, TellsWhenForwardingBeginsAndEndsAndWhy) {
  const Verdict no_tunnel{false, "no tunnel is up"};
  ASSERT_TRUE(writer->beat(no_tunnel).ok());
  EXPECT_THAT(events(), testing::IsEmpty()) << "no news at a start";
  ASSERT_TRUE(writer->beat({true, ""}).ok());
  ASSERT_TRUE(writer->beat({true, ""}).ok());
  ASSERT_TRUE(writer->beat(no_tunnel).ok());
  ASSERT_TRUE(writer->beat({false, "worker 0 does not move"}).ok());
  EXPECT_THAT(
      events(), testing::ElementsAre(
                    "DataplaneForwarding: box e1: the dataplane forwards",
                    "DataplaneNotForwarding: box e1: no tunnel is up"
                )
  );
}

TEST_F(ClusterWriterTest, TellsThatItFilledAPublicIp) {
  ASSERT_TRUE(writer->fill_public_ip(create_gateway(), *IpAddress::parse("203.0.113.7")).ok());
  EXPECT_THAT(
      events(), testing::ElementsAre("PublicIPFilled: box e1: its publicIP is 203.0.113.7")
  );
}

TEST_F(ClusterWriterTest, TellsNothingOnANodeThatIsNoGateway) {
  writer->set_gateway(nullptr);
  writer->tell(kube::EventType::kWarning, "PeerRefused", "peer x");
  EXPECT_THAT(events(), testing::IsEmpty());
}

}  // namespace
}  // namespace raven::gateway_agent
