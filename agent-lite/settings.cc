// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/settings.h"

#include "common/kube/cluster.h"
#include "common/settings/rules.h"

namespace raven::agent_lite {

void ProbeSettings::describe(settings::Schema<ProbeSettings>& s) {
  s.field(
       "interval_ms", &ProbeSettings::interval_ms,
       "How often each gateway of the own site is asked."
  )
      .range(10, 60'000)
      .unit("ms");
  s.field(
       "loss_max", &ProbeSettings::loss_max,
       "A gateway that leaves this many in a row unanswered is down."
  )
      .range(1, 100)
      .unit("probes");
  s.field(
       "switch_back_delay_ms", &ProbeSettings::switch_back_delay_ms,
       "How long a better gateway must have been up before a working one is left for it."
  )
      .range(0, 600'000)
      .unit("ms");
}

void Settings::describe(settings::Schema<Settings>& s) {
  s.field(
      "source", &Settings::source,
      "Where the Gateways are read: cluster (service account of the pod), kubeconfig:PATH or "
      "dir:PATH."
  );
  s.field(
      "node_name", &Settings::node_name,
      "Name of this node in Kubernetes; empty: $NODE_NAME, else the host name."
  );
  s.choice(
      "encapsulation", &Settings::encapsulation, {"vxlan", "direct"},
      "How packets reach the gateway: in VXLAN (always works), or as they are (nodes and gateways "
      "share one Ethernet segment that accepts foreign addresses)."
  );
  s.field(
       "wan_mtu", &Settings::wan_mtu, "MTU of the gateway's WAN side; 0: as the LAN of this node."
  )
      .range(0, 65'535)
      .unit("bytes");
  s.field(
       "tunnel_overhead", &Settings::tunnel_overhead,
       "What the tunnel adds to a packet on the WAN.  88 covers ESP in UDP over IPv6."
  )
      .range(0, 500)
      .unit("bytes");
  s.field("probe", &Settings::probe, "Liveness of the gateways, measured from this node.");
  s.field(
       "resync_interval_s", &Settings::resync_interval_s,
       "How often everything is compared with the kernel without being told of a change."
  )
      .range(1, 3600)
      .unit("s");
  s.field(
       "snapshot_wait_ms", &Settings::snapshot_wait_ms,
       "How long to wait for the source at start before the last known Gateways are used."
  )
      .range(0, 600'000)
      .unit("ms");
  s.field(
      "protected_addresses", &Settings::protected_addresses,
      "Addresses that are never routed to another site, such as the API server's."
  );
  s.field(
      "cluster_cidrs", &Settings::cluster_cidrs,
      "The pod networks of the whole cluster, such as [10.244.0.0/16]: --cluster-cidr of "
      "kube-controller-manager.  What only the default route would carry of them is dropped, also "
      "before the Gateways are known.  The same on all nodes; empty: no such guard."
  );
  s.field(
      "remove_raven_leftovers", &Settings::remove_raven_leftovers,
      "Remove what OpenYurt Raven's own agent left on this node."
  );
  s.field("state_dir", &Settings::state_dir, "Where the last known Gateways are kept.");
  s.field("lock_file", &Settings::lock_file, "Keeps a second instance out.");
  s.field("metrics_address", &Settings::metrics_address, "Where /metrics and /healthz are served.");
  s.check("source", [](const Settings& settings) { return kube::check_source(settings.source); });
  s.check("cluster_cidrs", [](const Settings& settings) {
    return settings::check_no_default_route(settings.cluster_cidrs);
  });
  s.check("metrics_address", [](const Settings& settings) {
    return settings::check_listen_address(settings.metrics_address);
  });
}

}  // namespace raven::agent_lite
