// What a previous run of an agent leaves to the next one.
// SPDX-License-Identifier: Apache-2.0
#include "common/model/gateway_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "common/model/network.h"
#include "common/model/remote_prefixes.h"
#include "tests/unit/common/model/gateway_objects.h"

namespace raven::model {
namespace {

using testing::IsEmpty;

class GatewayStoreTest : public testing::Test {
 protected:
  GatewayStoreTest() { std::filesystem::remove_all(folder_); }
  ~GatewayStoreTest() override { std::filesystem::remove_all(folder_); }
  void save(const kube::Objects& gateways) { ASSERT_TRUE(store_.save(gateways).ok()); }
  // As the next run sees it.
  void restart() {
    store_ = GatewayStore{folder_};
    auto loaded = store_.load();
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    loaded_ = std::move(*loaded);
  }
  std::string folder_ = testing::TempDir() + "gateway_store_" + std::to_string(::getpid());
  GatewayStore store_{folder_};
  GatewayStore::Loaded loaded_;
  const kube::Object edge_ = gateway_object("edge", kEdge), no_edge_ = gateway_object("edge", "");
  const kube::Object cloud_ = gateway_object("cloud", kCloud),
                     no_cloud_ = gateway_object("cloud", "");
};

TEST_F(GatewayStoreTest, IsNotFoundWhenThereWasNoFormerRun) {
  EXPECT_EQ(store_.load().error().code, ErrorCode::kNotFound);
}

TEST_F(GatewayStoreTest, KeepsWhatAnEmptiedStatusSaidOverRestarts) {
  save({{"edge", edge_}, {"cloud", cloud_}});
  save({{"edge", no_edge_}, {"cloud", no_cloud_}});
  for (int run = 0; run < 3; ++run) {
    restart();
    EXPECT_EQ(*loaded_.gateways.at("edge"), *no_edge_);
    EXPECT_EQ(*loaded_.listed.at("edge"), *edge_);
    EXPECT_EQ(*loaded_.listed.at("cloud"), *cloud_);
    save({{"edge", no_edge_}, {"cloud", no_cloud_}});
  }
}

TEST_F(GatewayStoreTest, ForgetsItWhenTheStatusIsFilledOrTheGatewayGoes) {
  save({{"edge", edge_}, {"cloud", cloud_}});
  save({{"edge", no_edge_}, {"cloud", no_cloud_}});
  save({{"edge", gateway_object("edge", kCloud)}});
  restart();
  EXPECT_EQ(loaded_.listed, loaded_.gateways);
  save({{"edge", no_edge_}, {"cloud", no_cloud_}});
  restart();
  EXPECT_EQ(*loaded_.listed.at("edge"), *gateway_object("edge", kCloud));
  EXPECT_EQ(*loaded_.listed.at("cloud"), *no_cloud_);
}

TEST_F(GatewayStoreTest, PassesOverAFileThatWasCut) {
  save({{"edge", edge_}});
  save({{"edge", no_edge_}});
  std::string newest;
  for (const auto& entry : std::filesystem::directory_iterator{folder_})
    newest = std::max(newest, entry.path().string());
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) - 5);
  restart();
  EXPECT_EQ(*loaded_.gateways.at("edge"), *edge_);
  EXPECT_FALSE(loaded_.passed_over.empty());
}

// What the agents make of it: the own and the other Gateway were created again, then the agent
// started anew.
TEST_F(GatewayStoreTest, LetsAnAgentGoOnWhereTheFormerOneWas) {
  save({{"edge", edge_}, {"cloud", cloud_}});
  save({{"edge", no_edge_}, {"cloud", no_cloud_}});
  restart();
  const Network before = project_network(loaded_.listed, "e1");
  const Network now = project_network(loaded_.gateways, "e1");
  EXPECT_TRUE(own_status_was_emptied(before, now));
  EXPECT_THAT(remember_prefixes({}, before).at("cloud").prefixes, testing::SizeIs(1));
  EXPECT_THAT(remember_prefixes({}, now), IsEmpty()) << "or the test shows nothing";
}

}  // namespace
}  // namespace raven::model
