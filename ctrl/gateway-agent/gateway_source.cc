// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/gateway_source.h"

#include "common/base/log.h"
#include "common/model/names.h"

namespace raven::gateway_agent {

GatewaySource::GatewaySource(
    kube::Cluster& cluster, const std::string& state_dir, MetricTable& metrics
)
    : cluster_{cluster},
      metrics_{metrics},
      watch_{cluster.watch({.kind = model::gateway_kind()})},
      store_{state_dir} {
  auto loaded = store_.load();
  if (loaded.ok())
    former_ = std::move(*loaded);
  else
    log::info("source", "{}", loaded.error().message);
}

void GatewaySource::use_snapshot() {
  if (cluster_.synced() || from_disk_) return;
  if (former_.generation == 0)
    return log::warning("source", "has not answered, and there is no snapshot");
  if (!former_.passed_over.empty())
    log::warning("source", "newer snapshots were not used: {}", former_.passed_over);
  log::warning("source", "has not answered, uses snapshot {} from disk", former_.generation);
  from_disk_ = std::make_shared<const kube::Objects>(former_.gateways);
}

kube::Snapshot GatewaySource::gateways() {
  metrics_.set(Metric::kSnapshotUsed, {}, !cluster_.synced() && from_disk_ ? 1 : 0);
  if (!cluster_.synced()) return from_disk_;
  from_disk_.reset();
  const kube::Snapshot gateways = cluster_.snapshot(watch_);
  save(*gateways);
  return gateways;
}

void GatewaySource::save(const kube::Objects& gateways) {
  const Status saved = store_.save(gateways);
  if (saved.ok()) return;
  metrics_.add(Metric::kSnapshotErrors);
  log::warning("source", "cannot save the snapshot: {}", saved.error().message);
}

}  // namespace raven::gateway_agent
