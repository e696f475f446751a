// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/source.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "common/base/log.h"
#include "common/model/names.h"

namespace raven::agent_lite {

Result<std::unique_ptr<Source>> Source::open(
    const Settings& settings, const std::string& node, Metrics& metrics
) {
  RAVEN_ASSIGN(std::unique_ptr<kube::Cluster> cluster, kube::open_cluster(settings.source));
  return std::unique_ptr<Source>{new Source{settings, node, metrics, std::move(cluster)}};
}

Source::Source(
    const Settings& settings, std::string node, Metrics& metrics,
    std::unique_ptr<kube::Cluster> cluster
)
    : node_{std::move(node)},
      metrics_{metrics},
      cluster_{std::move(cluster)},
      gateways_{cluster_->watch({.kind = model::gateway_kind()})},
      store_{settings.state_dir} {
  options_.protected_addresses = settings.protected_addresses;
  auto loaded = store_.load();
  if (loaded.ok())
    former_ = std::move(*loaded);
  else
    log::info("source", "{}", loaded.error().message);
}

model::Network Source::former() const {
  return model::project_network(former_.listed, node_, options_);
}

void Source::use_snapshot() {
  if (former_.generation == 0) return log::info("source", "no answer and no snapshot");
  if (!former_.passed_over.empty()) log::warning("source", "{}", former_.passed_over);
  log::warning("source", "no answer yet: using the Gateways of snapshot {}", former_.generation);
  use_former_ = true;
}

std::optional<model::Network> Source::network() {
  const bool synced = cluster_->synced();
  metrics_.set(Metric::kFromSnapshot, {}, !synced && use_former_ ? 1 : 0);
  if (!synced) {
    if (!use_former_) return std::nullopt;
    return model::project_network(former_.gateways, node_, options_);
  }
  const kube::Snapshot gateways = cluster_->snapshot(gateways_);
  if (const Status saved = store_.save(*gateways); !saved.ok()) {
    metrics_.add(Metric::kSnapshotErrors);
    log::warning("source", "{}", saved.error().message);
  }
  return model::project_network(*gateways, node_, options_);
}

Result<std::string> node_name(const Settings& settings) {
  if (!settings.node_name.empty()) return settings.node_name;
  if (const char* name = std::getenv("NODE_NAME"); name != nullptr && *name != '\0')
    return std::string{name};
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return errno_error("host name", errno);
  return std::string{name.data()};
}

}  // namespace raven::agent_lite
