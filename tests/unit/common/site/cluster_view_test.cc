// What an agent knows before the cluster answers, afterwards, and when a status is emptied.
// SPDX-License-Identifier: Apache-2.0
#include "common/site/cluster_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "tests/lib/temporary_folder.h"
#include "tests/unit/common/model/gateway_objects.h"

namespace raven::site {
namespace {

using model::gateway_object;
using model::kCloud;
using model::kEdge;
using testing::ElementsAre;
using testing::IsEmpty;

// Answers when the test says so.
class FakeCluster : public kube::Cluster {
 public:
  void answer(kube::Objects gateways) {
    gateways_ = std::make_shared<const kube::Objects>(std::move(gateways));
  }

  kube::WatchId watch(kube::WatchSpec) override { return kube::WatchId{0}; }
  Status start(std::function<void()>) override { return {}; }
  void stop() override {}
  bool synced() const override { return gateways_ != nullptr; }
  kube::Snapshot snapshot(kube::WatchId) const override { return gateways_; }
  kube::ClusterHealth health() const override { return {}; }

  Result<kube::Json> get(const kube::Kind&, const kube::ObjectName&, kube::RequestOptions)
      override {
    return never();
  }
  Result<kube::Json> create(const kube::Kind&, kube::Json, kube::RequestOptions) override {
    return never();
  }
  Result<kube::Json> update(const kube::Kind&, kube::Json, kube::RequestOptions) override {
    return never();
  }
  Result<kube::Json> patch(
      const kube::Kind&, const kube::ObjectName&, const kube::Json&, kube::RequestOptions
  ) override {
    return never();
  }
  Result<kube::Json> patch_status(
      const kube::Kind&, const kube::ObjectName&, const kube::Json&, kube::RequestOptions
  ) override {
    return never();
  }
  Status remove(const kube::Kind&, const kube::ObjectName&, kube::RequestOptions) override {
    return never();
  }

 private:
  static Error never() { return {ErrorCode::kUnavailable, "a view only reads"}; }
  kube::Snapshot gateways_;
};

struct TestSettings : AgentSettings {
  TestSettings() : AgentSettings{"test", ""} {}
};

class ClusterViewTest : public testing::Test {
 protected:
  ClusterViewTest() { restart(); }
  // The agent starts anew while the cluster is away.
  void restart() {
    TestSettings settings;
    settings.state_dir = disk_.path();
    cluster_ = std::make_unique<FakeCluster>();
    view_ = std::make_unique<ClusterView>(*cluster_, settings, "e1");
  }
  void see(kube::Objects gateways) {
    cluster_->answer(std::move(gateways));
    ASSERT_TRUE(view_->refresh());
  }
  std::vector<IpPrefix> remote(const std::string& pool) {
    const auto found = view_->remote().find(pool);
    return found == view_->remote().end() ? std::vector<IpPrefix>{} : found->second.prefixes;
  }

  test::TemporaryFolder disk_;
  std::unique_ptr<FakeCluster> cluster_;
  std::unique_ptr<ClusterView> view_;
  const kube::Object edge_ = gateway_object("edge", kEdge), no_edge_ = gateway_object("edge", "");
  const kube::Object cloud_ = gateway_object("cloud", kCloud),
                     no_cloud_ = gateway_object("cloud", "");
  const std::vector<IpPrefix> cloud_prefixes_{*IpPrefix::parse("10.2.0.0/16")};
};

TEST_F(ClusterViewTest, KnowsNothingBeforeTheFirstAnswer) {
  EXPECT_FALSE(view_->refresh());
  EXPECT_EQ(view_->network().role, model::Role::kNone);
  EXPECT_EQ(view_->own_gateway(), nullptr);
  view_->use_snapshot();
  EXPECT_FALSE(view_->refresh()) << "there is no snapshot";
  EXPECT_FALSE(view_->from_snapshot());
}

TEST_F(ClusterViewTest, ShowsThePoolsAndTheOwnGateway) {
  see({{"edge", edge_}, {"cloud", cloud_}});
  EXPECT_EQ(view_->network().role, model::Role::kGateway);
  EXPECT_EQ(remote("cloud"), cloud_prefixes_);
  EXPECT_EQ(view_->own_gateway(), edge_);
  EXPECT_TRUE(view_->synced());
}

TEST_F(ClusterViewTest, UsesTheSnapshotOnlyWhenToldAndOnlyUntilTheClusterAnswers) {
  see({{"edge", edge_}, {"cloud", cloud_}});
  restart();
  EXPECT_FALSE(view_->refresh());
  EXPECT_EQ(remote("cloud"), cloud_prefixes_) << "as a previous run knew it";
  view_->use_snapshot();
  EXPECT_TRUE(view_->refresh());
  EXPECT_TRUE(view_->from_snapshot());
  EXPECT_FALSE(view_->synced());
  EXPECT_EQ(view_->network().role, model::Role::kGateway);

  see({{"edge", edge_}});
  EXPECT_FALSE(view_->from_snapshot());
  EXPECT_THAT(remote("cloud"), IsEmpty()) << "its Gateway went";
}

TEST_F(ClusterViewTest, DoesNotGoBackToTheSnapshotOnceTheClusterHasAnswered) {
  see({{"edge", edge_}});
  view_->use_snapshot();
  EXPECT_TRUE(view_->refresh());
  EXPECT_FALSE(view_->from_snapshot());
}

TEST_F(ClusterViewTest, GoesOnAsItWasWhileTheOwnStatusIsEmpty) {
  see({{"edge", edge_}, {"cloud", cloud_}});
  see({{"edge", no_edge_}, {"cloud", cloud_}});
  EXPECT_TRUE(view_->own_status_emptied());
  EXPECT_EQ(view_->network().role, model::Role::kGateway);
  EXPECT_EQ(remote("cloud"), cloud_prefixes_);
  EXPECT_THAT(
      view_->network().problems,
      ElementsAre(model::PoolProblem{
          "edge", {"status.nodes", "is empty: this node keeps its previous state"}})
  );
  EXPECT_EQ(view_->own_gateway(), no_edge_) << "as it is now: it is to be written to";

  see({{"edge", edge_}, {"cloud", cloud_}});
  EXPECT_FALSE(view_->own_status_emptied());
  EXPECT_THAT(view_->network().problems, IsEmpty());
}

TEST_F(ClusterViewTest, GoesOnAsAFormerRunWasWhenStatusesWereEmptiedMeanwhile) {
  see({{"edge", edge_}, {"cloud", cloud_}});
  see({{"edge", no_edge_}, {"cloud", no_cloud_}});
  restart();
  see({{"edge", no_edge_}, {"cloud", no_cloud_}});
  EXPECT_TRUE(view_->own_status_emptied());
  EXPECT_EQ(remote("cloud"), cloud_prefixes_);
}

TEST_F(ClusterViewTest, CountsWhatItCouldNotSave) {
  std::filesystem::remove_all(disk_.path());
  std::ofstream{disk_.path()} << "a file is where the folder was";
  see({{"edge", edge_}});
  EXPECT_EQ(view_->snapshot_errors(), 1u);
  EXPECT_EQ(view_->network().pools.size(), 1u) << "it is used all the same";
}

}  // namespace
}  // namespace raven::site
