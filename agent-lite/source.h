// Source: the Gateways, from the cluster or, until that answers, from the last-good snapshot.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the loop's thread, except for the callback given to start().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent-lite/metrics.h"
#include "agent-lite/settings.h"
#include "common/base/result.h"
#include "common/kube/cluster.h"
#include "common/model/gateway_store.h"
#include "common/model/network.h"

namespace raven::agent_lite {

class Source {
 public:
  static Result<std::unique_ptr<Source>> open(
      const Settings& settings, const std::string& node, Metrics& metrics
  );

  // `changed` is called on the cluster's thread.
  Status start(std::function<void()> changed) { return cluster_->start(std::move(changed)); }
  void stop() { cluster_->stop(); }

  // From now on the snapshot counts until the cluster has answered.
  void use_snapshot();

  // The pools of Gateways as they were when they last listed nodes, as a former run knew them.
  model::Network former() const;

  // All pools as last known; nothing before the first answer.  Saves what is new to disk.
  std::optional<model::Network> network();

  kube::ClusterHealth health() const { return cluster_->health(); }

 private:
  Source(
      const Settings& settings, std::string node, Metrics& metrics,
      std::unique_ptr<kube::Cluster> cluster
  );

  std::string node_;
  model::NetworkOptions options_;
  Metrics& metrics_;
  std::unique_ptr<kube::Cluster> cluster_;
  kube::WatchId gateways_;
  model::GatewayStore store_;
  model::GatewayStore::Loaded former_;  // generation 0: there was none
  bool use_former_ = false;
};

// The name of this node: the setting, $NODE_NAME, or the host name.
Result<std::string> node_name(const Settings& settings);

}  // namespace raven::agent_lite
