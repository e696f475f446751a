// GatewaySource: the Gateways, from the cluster or, until that answers, from the last-good snapshot
// on disk.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread, except for the callback given to start().
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/base/result.h"
#include "common/kube/cluster.h"
#include "common/model/gateway_store.h"
#include "ctrl/gateway-agent/metrics.h"

namespace raven::gateway_agent {

class GatewaySource {
 public:
  // `cluster` and `metrics` must outlive it.
  GatewaySource(kube::Cluster& cluster, const std::string& state_dir, MetricTable& metrics);

  // `changed` is called on the cluster's thread.
  Status start(std::function<void()> changed) { return cluster_.start(std::move(changed)); }

  // From now on the snapshot counts, until the cluster has answered.
  void use_snapshot();

  // As last known; nullptr before the first answer.  Saves what is new to disk.
  kube::Snapshot gateways();
  // Each as it was when it last listed nodes, as a former run knew it.
  const kube::Objects& former() const { return former_.listed; }
  // They come from the cluster, not from disk.
  bool synced() const { return cluster_.synced(); }

 private:
  void save(const kube::Objects& gateways);

  kube::Cluster& cluster_;
  MetricTable& metrics_;
  const kube::WatchId watch_;
  model::GatewayStore store_;
  model::GatewayStore::Loaded former_;  // generation 0: there was none
  kube::Snapshot from_disk_;
};

}  // namespace raven::gateway_agent
