// ClusterWriter: what this box writes into the cluster: its heartbeat Lease, the publicIP of its
// own endpoint, and Events about its own Gateway.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread of its own; calls block on the API server for as long as one request may
// take.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/kube/cluster.h"
#include "common/kube/events.h"
#include "common/kube/lease.h"
#include "ctrl/gateway-agent/forwarding.h"
#include "ctrl/gateway-agent/metrics.h"
#include "ctrl/gateway-agent/settings.h"

namespace raven::gateway_agent {

class ClusterWriter {
 public:
  ClusterWriter(
      kube::Cluster& cluster, const std::string& node, const Settings& settings,
      MetricTable& metrics
  );

  // The Gateway of which this box is a gateway; null: of none, so it has no heartbeat.
  void set_gateway(kube::Object gateway) { gateway_ = std::move(gateway); }

  // Renews the Lease if the dataplane forwards.  Withholding it is no error of ours; a failing
  // renewal is.
  Status beat(const Verdict& verdict);

  // Fills in the empty publicIP of our endpoint in this Gateway.  A conflict is no error: the next
  // change of the Gateway brings us back.
  Status fill_public_ip(const kube::Object& gateway, const IpAddress& address);

  // A Kubernetes Event; best effort.
  void tell(kube::EventType type, const std::string& reason, const std::string& message);
  // For orderly ends: waits a moment for events to be sent.
  void flush() { events_.flush(std::chrono::milliseconds{500}); }

 private:
  void tell_change(const Verdict& verdict);

  kube::Cluster& cluster_;
  const std::string node_;
  const kube::Heartbeat heartbeat_;
  const kube::RequestOptions options_;
  MetricTable& metrics_;
  kube::Object gateway_;
  Verdict last_verdict_{true, ""};
  bool told_forwarding_ = false;
  kube::EventRecorder events_;
};

}  // namespace raven::gateway_agent
