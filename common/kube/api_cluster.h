// ApiCluster: a Cluster that is an API server.  One Reflector per watch, all on one HttpLoop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "common/kube/cluster.h"
#include "common/kube/http_loop.h"
#include "common/kube/reflector.h"

namespace raven::kube {

class ApiCluster final : public Cluster {
 public:
  static Result<std::unique_ptr<Cluster>> open(ApiAccess access, const ClusterOptions& options);
  ~ApiCluster() override { stop(); }

  WatchId watch(WatchSpec spec) override;
  Status start(std::function<void()> on_change) override;
  void stop() override { loop_->stop(); }

  bool synced() const override;
  Snapshot snapshot(WatchId id) const override;
  ClusterHealth health() const override;

  Result<Json> get(const Kind& kind, const ObjectName& name, RequestOptions options) override;
  Result<Json> create(const Kind& kind, Json object, RequestOptions options) override;
  Result<Json> update(const Kind& kind, Json object, RequestOptions options) override;
  Result<Json> patch(
      const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions options
  ) override;
  Result<Json> patch_status(
      const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions options
  ) override;
  Status remove(const Kind& kind, const ObjectName& name, RequestOptions options) override;

 private:
  ApiCluster(std::unique_ptr<HttpLoop> loop, ClusterOptions options)
      : options_{std::move(options)}, loop_{std::move(loop)} {}
  void request_next(Reflector& reflector);
  // One request, waited for.  `what` is for messages: "update gateways cloud".
  Result<Json> call(const std::string& what, HttpRequest request, RequestOptions options);

  const ClusterOptions options_;
  std::vector<std::unique_ptr<Reflector>> reflectors_;
  std::function<void()> on_change_;
  std::atomic<uint64_t> requests_{0};
  std::unique_ptr<HttpLoop> loop_;  // last: its thread uses all of the above
};

// What an answer of the API server means; the text is the server's own.
Error answer_error(const std::string& what, const HttpAnswer& answer);

}  // namespace raven::kube
