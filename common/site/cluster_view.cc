// SPDX-License-Identifier: Apache-2.0
#include "common/site/cluster_view.h"

#include "common/base/log.h"
#include "common/model/names.h"

namespace raven::site {

ClusterView::ClusterView(kube::Cluster& cluster, const AgentSettings& settings, std::string node)
    : cluster_{cluster},
      watch_{cluster.watch({.kind = model::gateway_kind()})},
      projector_{std::move(node), {.protected_addresses = settings.protected_addresses}},
      store_{settings.state_dir} {
  auto loaded = store_.load();
  if (loaded.ok())
    former_ = std::move(*loaded);
  else
    log::info("source", "{}", loaded.error().message);
  // A status that was emptied meanwhile is measured against what a previous run knew.
  network_ = projector_.project(std::make_shared<const kube::Objects>(former_.listed));
  remote_ = model::remember_prefixes({}, *network_);
}

void ClusterView::use_snapshot() {
  if (cluster_.synced() || from_disk_) return;
  if (former_.generation == 0)
    return log::warning("source", "has not answered, and there is no snapshot");
  if (!former_.passed_over.empty())
    log::warning("source", "newer snapshots were not used: {}", former_.passed_over);
  log::warning("source", "has not answered, uses snapshot {} from disk", former_.generation);
  from_disk_ = std::make_shared<const kube::Objects>(former_.gateways);
}

bool ClusterView::refresh() {
  kube::Snapshot gateways = read();
  if (!gateways) return false;
  gateways_ = std::move(gateways);
  const auto now = projector_.project(gateways_);
  if (now == projected_) return true;
  projected_ = now;
  own_status_emptied_ = model::own_status_was_emptied(*network_, *now);
  if (own_status_emptied_) {
    model::Network kept = *network_;
    kept.problems = {
        {kept.own_pool()->name, {"status.nodes", "is empty: this node keeps its previous state"}}};
    network_ = std::make_shared<const model::Network>(std::move(kept));
  } else {
    network_ = now;
  }
  remote_ = model::remember_prefixes(remote_, *network_);
  return true;
}

kube::Object ClusterView::own_gateway() const {
  if (network_->role != model::Role::kGateway || !gateways_) return nullptr;
  const auto gateway = gateways_->find(network_->own_pool()->name);
  return gateway == gateways_->end() ? nullptr : gateway->second;
}

kube::Snapshot ClusterView::read() {
  const bool synced = cluster_.synced();
  from_snapshot_ = !synced && from_disk_ != nullptr;
  if (!synced) return from_disk_;
  from_disk_.reset();
  kube::Snapshot gateways = cluster_.snapshot(watch_);
  save(gateways);
  return gateways;
}

void ClusterView::save(const kube::Snapshot& gateways) {
  if (gateways == saved_) return;
  const Status saved = store_.save(*gateways);
  if (saved.ok()) {
    saved_ = gateways;
    return;
  }
  ++snapshot_errors_;
  log::warning("source", "cannot save the snapshot: {}", saved.error().message);
}

}  // namespace raven::site
