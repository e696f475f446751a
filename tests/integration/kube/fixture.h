// What all tests of the client share: the server, an administrator and a limited user.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/kube/cluster.h"
#include "common/kube/json_value.h"
#include "common/model/names.h"
#include "tests/lib/change_signal.h"
#include "tests/lib/kube_server.h"
#include "tests/lib/temporary_folder.h"

namespace raven::kube {

class ApiServerTest : public testing::Test {
 protected:
  ApiServerTest()
      : server_{test::KubeServer::shared(
            {"configs/crd/raven.openyurt.io_gateways.yaml", "tests/integration/kube/rbac.yaml"}
        )} {
    admin_ = open("kubeconfig:" + server_.kubeconfig());
    options_.server = server_.url();
    options_.service_account_dir = account_.path();
  }

  void renew_token() { server_.run("token raven-test limited " + account_.path()); }

  // As a pod: token and CA from files.
  std::unique_ptr<Cluster> open_limited() {
    renew_token();
    return open("cluster", options_);
  }

  static std::unique_ptr<Cluster> open(
      const std::string& source, const ClusterOptions& options = {}
  ) {
    auto cluster = open_cluster(source, options);
    EXPECT_TRUE(cluster.ok()) << cluster.error().message;
    return std::move(cluster).value();
  }

  // Starts it and waits for the first lists.
  void start(Cluster& cluster) {
    ASSERT_TRUE(cluster.start([this] { signal_.raise(); }).ok());
    ASSERT_TRUE(signal_.wait_for([&] { return cluster.synced(); })) << cluster.health().last_error;
  }

  // A pool of this test, gone before and after it.
  Json make_gateway(const std::string& name) {
    const ObjectName object{"", name};
    [[maybe_unused]] const Status removed = admin_->remove(model::gateway_kind(), object);
    auto created = admin_->create(
        model::gateway_kind(),
        {{"metadata", {{"name", name}}}, {"spec", {{"exposeType", "PublicIP"}}}}
    );
    EXPECT_TRUE(created.ok()) << created.error().message;
    return created.ok() ? *created : Json{};
  }
  void remove_gateway(const std::string& name) {
    EXPECT_TRUE(admin_->remove(model::gateway_kind(), {"", name}).ok());
  }

  test::KubeServer& server_;
  test::TemporaryFolder account_;
  ClusterOptions options_;
  test::ChangeSignal signal_;
  std::unique_ptr<Cluster> admin_;
};

}  // namespace raven::kube
