// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/settings.h"

#include "common/kube/cluster.h"
#include "common/settings/rules.h"

namespace raven::controller {

void LeaderSettings::describe(settings::Schema<LeaderSettings>& schema) {
  using S = LeaderSettings;
  schema
      .field(
          "lease_duration_ms", &S::lease_duration_ms,
          "How long others wait after the last renewal before they take over; whole seconds."
      )
      .range(1'000, 600'000)
      .unit("ms");
  schema
      .field(
          "renew_deadline_ms", &S::renew_deadline_ms,
          "A leader that could not renew for this long stops writing.  Below lease_duration_ms."
      )
      .range(500, 600'000)
      .unit("ms");
  schema.field("retry_period_ms", &S::retry_period_ms, "Time between two renewals or attempts.")
      .range(100, 60'000)
      .unit("ms");
  schema.check("lease_duration_ms", [](const S& s) {
    return s.lease_duration_ms % 1000 == 0 ? "" : "must be whole seconds, as Leases count in them";
  });
  schema.check("renew_deadline_ms", [](const S& s) {
    return s.renew_deadline_ms < s.lease_duration_ms ? "" : "must be below lease_duration_ms";
  });
  schema.check("retry_period_ms", [](const S& s) {
    const bool fits = s.retry_period_ms * 12ull < s.renew_deadline_ms * 10ull;
    return fits ? "" : "must be below renew_deadline_ms / 1.2";
  });
}

void Settings::describe(settings::Schema<Settings>& schema) {
  using S = Settings;
  schema.field(
      "source", &S::source,
      "Where the objects are: cluster (the service account of the pod), kubeconfig:PATH or "
      "dir:PATH."
  );
  schema.field(
      "identity", &S::identity,
      "Name of this replica in the leader lease and in events; empty: the host name."
  );
  schema.field(
      "metrics_address", &S::metrics_address, "Where /metrics and /healthz are served (IP:PORT)."
  );
  schema
      .field(
          "hold_down_s", &S::hold_down_s,
          "How long a lost box must be healthy before it is elected again."
      )
      .range(0, 3'600)
      .unit("s");
  schema
      .field(
          "recovery_wait_s", &S::recovery_wait_s,
          "How long the other boxes may take to report before an active one is replaced, after a "
          "whole pool was cut off or when its first box reports."
      )
      .range(0, 600)
      .unit("s");
  schema.field("debounce_ms", &S::debounce_ms, "Changes within this time are handled in one pass.")
      .range(1, 10'000)
      .unit("ms");
  schema
      .field(
          "resync_s", &S::resync_s, "Longest time between two full passes, with or without changes."
      )
      .range(1, 3'600)
      .unit("s");
  schema
      .field(
          "request_timeout_ms", &S::request_timeout_ms, "Longest wait for the answer to a write."
      )
      .range(100, 60'000)
      .unit("ms");
  schema.field("leader", &S::leader, "Leader election among the replicas.");
  schema.check("source", [](const S& s) { return kube::check_source(s.source); });
  schema.check("metrics_address", [](const S& s) {
    return settings::check_listen_address(s.metrics_address);
  });
}

}  // namespace raven::controller
