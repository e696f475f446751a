// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/cluster_writer.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "common/kube/json_value.h"
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
    writer->set_gateway(true);
  }
  ~ClusterWriterTest() override {
    cluster->stop();
    std::filesystem::remove_all(folder);
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
  writer->set_gateway(false);
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

}  // namespace
}  // namespace raven::gateway_agent
