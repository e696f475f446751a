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
}

void Source::use_snapshot() {
  auto loaded = store_.load();
  if (!loaded.ok())
    return log::info("source", "no snapshot to start from: {}", loaded.error().message);
  if (!loaded->passed_over.empty()) log::warning("source", "{}", loaded->passed_over);
  log::warning("source", "no answer yet: using the Gateways of snapshot {}", loaded->generation);
  from_disk_ = loaded->objects[model::gateway_kind().plural];
}

std::optional<model::Network> Source::network() {
  const bool synced = cluster_->synced();
  metrics_.set(Metric::kFromSnapshot, {}, !synced && from_disk_ ? 1 : 0);
  if (!synced) {
    if (!from_disk_) return std::nullopt;
    return model::project_network(*from_disk_, node_, options_);
  }
  from_disk_.reset();
  const kube::Snapshot gateways = cluster_->snapshot(gateways_);
  if (const Status saved = store_.save({{model::gateway_kind().plural, *gateways}}); !saved.ok()) {
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
