// SPDX-License-Identifier: Apache-2.0
#include "common/site/agent_settings.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "common/kube/cluster.h"
#include "common/kube/object.h"
#include "common/settings/rules.h"

namespace raven::site {

AgentSettings::AgentSettings(const std::string& agent, std::string metrics)
    : state_dir{"/var/lib/raven-gateway/" + agent},
      lock_file{"/run/raven-gateway/" + agent + ".lock"},
      metrics_address{std::move(metrics)} {}

static void add_checks(settings::Schema<AgentSettings>& schema) {
  using S = AgentSettings;
  schema.check("source", [](const S& s) { return kube::check_source(s.source); });
  schema.check("cluster_cidrs", [](const S& s) {
    return settings::check_no_default_route(s.cluster_cidrs);
  });
  schema.check("metrics_address", [](const S& s) {
    return settings::check_listen_address(s.metrics_address);
  });
}

void AgentSettings::describe(settings::Schema<AgentSettings>& schema) {
  using S = AgentSettings;
  schema.field(
      "source", &S::source,
      "Where the Gateways are read: cluster (service account of the pod), kubeconfig:PATH or "
      "dir:PATH."
  );
  schema.field(
      "node_name", &S::node_name,
      "Name of this node in Kubernetes; empty: $NODE_NAME, else the host name."
  );
  schema.field(
      "protected_addresses", &S::protected_addresses,
      "Addresses that are never routed to another site, such as [10.0.0.10] of the API server."
  );
  schema.field(
      "cluster_cidrs", &S::cluster_cidrs,
      "The pod networks of the whole cluster, such as [10.244.0.0/16]: --cluster-cidr of "
      "kube-controller-manager.  What only the default route would carry of them is dropped, also "
      "before the Gateways are known.  The same on all nodes; empty: no such guard."
  );
  schema
      .field(
          "snapshot_wait_ms", &S::snapshot_wait_ms,
          "How long to wait for the source at start before the last known Gateways are used."
      )
      .range(0, 600'000)
      .unit("ms");
  schema.field("state_dir", &S::state_dir, "Where the last known Gateways are kept.");
  schema.field("lock_file", &S::lock_file, "Lock that a second instance finds taken.");
  schema.field("metrics_address", &S::metrics_address, "Where /metrics and /healthz are served.");
  add_checks(schema);
}

Result<std::string> node_name(const AgentSettings& settings) {
  std::string name = settings.node_name;
  if (const char* environment = std::getenv("NODE_NAME"); name.empty() && environment != nullptr)
    name = environment;
  if (name.empty()) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0)
      return errno_error("read the host name", errno);
    name = host.data();
  }
  if (!kube::is_valid_object_name(name))
    return Error{
        ErrorCode::kInvalid, "node name \"" + name +
                                 "\": no node of Kubernetes can have it; set node_name to the name "
                                 "that `kubectl get nodes` shows"};
  return name;
}

}  // namespace raven::site
