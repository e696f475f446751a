// Lists and watches against a real API server, and what happens to them when it is disturbed.
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <thread>

#include "common/kube/lease.h"
#include "tests/integration/kube/fixture.h"

namespace raven::kube {
namespace {

using model::gateway_kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Kind kConfigMaps{"", "v1", "configmaps", "ConfigMap", true};
const Kind kWidgets{"test.raven.openyurt.io", "v1", "widgets", "Widget", false};
const Kind kDefinitions{
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false};

using WatchTest = ApiServerTest;

TEST_F(WatchTest, CreateUpdateAndDeleteAreSeen) {
  const auto cluster = open_limited();
  const WatchId id = cluster->watch({gateway_kind()});
  start(*cluster);
  EXPECT_TRUE(cluster->snapshot(id)->empty());

  make_gateway("cloud");
  ASSERT_TRUE(signal_.wait_for([&] { return cluster->snapshot(id)->size() == 1; }));
  const Object seen = cluster->snapshot(id)->at("cloud");
  EXPECT_EQ(find(*seen, {"metadata", "managedFields"}), nullptr);
  EXPECT_EQ(text_or(*seen, {"apiVersion"}), "raven.openyurt.io/v1beta1");

  ASSERT_TRUE(admin_->patch(gateway_kind(), {"", "cloud"}, {{"spec", {{"exposeType", ""}}}}).ok());
  EXPECT_TRUE(signal_.wait_for([&] {
    return text_or(*cluster->snapshot(id)->at("cloud"), {"spec", "exposeType"}, "x") == "";
  }));
  remove_gateway("cloud");
  EXPECT_TRUE(signal_.wait_for([&] { return cluster->snapshot(id)->empty(); }));
  EXPECT_EQ(cluster->health().lists, 1u);
  EXPECT_EQ(cluster->health().errors, 0u);
}

TEST_F(WatchTest, SelectorsRestrictWhatIsSeen) {
  const auto cluster = open("kubeconfig:" + server_.kubeconfig());
  const WatchId named =
      cluster->watch({.kind = kConfigMaps, .name_space = "default", .name = "wanted"});
  const WatchId labelled = cluster->watch({.kind = kConfigMaps, .label_selector = "pick=me"});
  start(*cluster);
  for (const char* name : {"other", "wanted"}) {
    const Json map{
        {"metadata", {{"name", name}, {"namespace", "default"}, {"labels", {{"pick", "me"}}}}}};
    ASSERT_TRUE(admin_->create(kConfigMaps, map).ok());
  }
  EXPECT_TRUE(signal_.wait_for([&] { return cluster->snapshot(labelled)->size() == 2; }));
  EXPECT_TRUE(signal_.wait_for([&] { return cluster->snapshot(named)->size() == 1; }));
  EXPECT_EQ(cluster->snapshot(named)->count("default/wanted"), 1u);
  for (const char* name : {"other", "wanted"})
    EXPECT_TRUE(admin_->remove(kConfigMaps, {"default", name}).ok());
}

TEST_F(WatchTest, MoreObjectsThanAPageAreListedAndWritersMayBeMany) {
  constexpr int kThreads = 4, kEach = 130;  // a page has 500
  const auto label = [](const std::string& name) {
    return Json{{"name", name}, {"namespace", "default"}, {"labels", {{"test", "pages"}}}};
  };
  std::vector<std::thread> writers;
  std::atomic<int> failed{0};
  for (int t = 0; t < kThreads; ++t)
    writers.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string name = "page-" + std::to_string(t) + "-" + std::to_string(i);
        if (!admin_->create(kConfigMaps, {{"metadata", label(name)}})) ++failed;
      }
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  const auto cluster = open("kubeconfig:" + server_.kubeconfig());
  const WatchId id = cluster->watch({.kind = kConfigMaps, .label_selector = "test=pages"});
  start(*cluster);
  EXPECT_EQ(cluster->snapshot(id)->size(), static_cast<std::size_t>(kThreads * kEach));
  EXPECT_EQ(cluster->health().lists, 1u);
}

TEST_F(WatchTest, RestartedServerSaysExpiredAndOnlyWhatWasDeletedGoes) {
  make_gateway("cloud");
  make_gateway("edge");
  const auto cluster = open_limited();
  const WatchId id = cluster->watch({gateway_kind()});
  std::atomic<bool> lost_cloud{false};
  const auto look = [&] {
    if (cluster->synced() && cluster->snapshot(id)->count("cloud") == 0) lost_cloud = true;
    signal_.raise();
  };
  ASSERT_TRUE(cluster->start(look).ok());
  ASSERT_TRUE(signal_.wait_for([&] { return cluster->synced(); }));

  // A write to something else makes the version of our watch older than the new server's cache.
  const Json other{{"metadata", {{"name", "x"}, {"namespace", "default"}}}};
  ASSERT_TRUE(admin_->create(kConfigMaps, other).ok());
  server_.run("kill");
  const auto refused = cluster->get(gateway_kind(), {"", "cloud"}, {seconds{2}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(cluster->snapshot(id)->size(), 2u);
  server_.run("start");
  remove_gateway("edge");
  ASSERT_TRUE(signal_.wait_for([&] { return cluster->health().lists == 2; }));
  EXPECT_EQ(cluster->health().expirations, 1u);
  EXPECT_TRUE(signal_.wait_for([&] { return cluster->snapshot(id)->size() == 1; }));
  EXPECT_FALSE(lost_cloud) << "the copy must never be emptied by a reconnect";
  remove_gateway("cloud");
  EXPECT_TRUE(admin_->remove(kConfigMaps, {"default", "x"}).ok());
}

TEST_F(WatchTest, FrozenServerIsGivenUpAndFoundAgain) {
  options_.watch_timeout = milliseconds{1'000};  // and 10 s of grace
  const auto cluster = open_limited();
  const WatchId id = cluster->watch({gateway_kind()});
  start(*cluster);
  server_.run("pause");
  const auto silent = cluster->get(gateway_kind(), {"", "cloud"}, {milliseconds{500}});
  ASSERT_FALSE(silent.ok());
  EXPECT_EQ(silent.error().code, ErrorCode::kTimeout);
  EXPECT_TRUE(signal_.wait_for([&] { return cluster->health().errors > 0; }));
  EXPECT_TRUE(cluster->synced()) << "the last known state stays";
  server_.run("resume");
  make_gateway("cloud");
  EXPECT_TRUE(signal_.wait_for([&] { return cluster->snapshot(id)->size() == 1; }));
  remove_gateway("cloud");
}

TEST_F(WatchTest, RefusedTokenIsReadAgain) {
  renew_token();
  std::ofstream{account_.file("token"), std::ios::trunc} << "no-token-of-this-cluster";
  const auto cluster = open("cluster", options_);
  cluster->watch({gateway_kind()});
  ASSERT_TRUE(cluster->start([&] { signal_.raise(); }).ok());
  ASSERT_TRUE(signal_.wait_for([&] { return cluster->health().errors > 0; }));
  EXPECT_NE(cluster->health().last_error.find("401"), std::string::npos);
  EXPECT_FALSE(cluster->synced());
  EXPECT_EQ(cluster->health().last_contact, std::nullopt);
  renew_token();
  EXPECT_TRUE(signal_.wait_for([&] { return cluster->synced(); }));
  EXPECT_TRUE(cluster->health().last_contact.has_value());
}

TEST_F(WatchTest, ServerWithACertificateOfAnotherAuthorityGetsNoToken) {
  renew_token();
  std::filesystem::copy_file(
      server_.folder() + "/pki/admin.crt", account_.file("ca.crt"),
      std::filesystem::copy_options::overwrite_existing
  );
  const auto cluster = open("cluster", options_);
  const auto refused = cluster->get(gateway_kind(), {"", "cloud"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message.find("certificate"), std::string::npos)
      << refused.error().message;
}

TEST_F(WatchTest, KindThatAppearsLaterIsFoundAndDoesNotStopTheOthers) {
  const auto cluster = open_limited();
  cluster->watch({kWidgets});
  const WatchId gateways = cluster->watch({gateway_kind()});
  ASSERT_TRUE(cluster->start([&] { signal_.raise(); }).ok());
  make_gateway("cloud");
  ASSERT_TRUE(signal_.wait_for([&] { return cluster->snapshot(gateways)->size() == 1; }));
  ASSERT_TRUE(signal_.wait_for([&] { return cluster->health().errors > 0; }));
  EXPECT_FALSE(cluster->synced());
  const Json schema{{"openAPIV3Schema", {{"type", "object"}}}};
  const Json definition{
      {"metadata", {{"name", "widgets.test.raven.openyurt.io"}}},
      {"spec",
       {{"group", kWidgets.group},
        {"scope", "Cluster"},
        {"names", {{"plural", "widgets"}, {"kind", "Widget"}}},
        {"versions",
         Json::array({{{"name", "v1"}, {"served", true}, {"storage", true}, {"schema", schema}}}
         )}}}};
  const auto created = admin_->create(kDefinitions, definition);
  ASSERT_TRUE(created.ok()) << created.error().message;
  EXPECT_TRUE(signal_.wait_for([&] { return cluster->synced(); }));
  remove_gateway("cloud");
}

TEST_F(WatchTest, StoppingAnswersWhoeverWaits) {
  const auto cluster = open_limited();
  cluster->watch({gateway_kind()});
  start(*cluster);
  server_.run("pause");
  std::thread stopper{[&] { cluster->stop(); }};
  const auto answer = cluster->get(gateway_kind(), {"", "cloud"});
  stopper.join();
  server_.run("resume");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(cluster->get(gateway_kind(), {"", "cloud"}).ok()) << "after stop, too";
}

}  // namespace
}  // namespace raven::kube
