// ClusterWriter: what this box writes into the cluster: its heartbeat Lease, and the publicIP of
// its own endpoint.
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

  // Whether this box is a gateway and should have a heartbeat at all.
  void set_gateway(bool is_gateway) { is_gateway_ = is_gateway; }

  // Renews the Lease if the dataplane forwards.  Withholding it is no error of ours; a failing
  // renewal is.
  Status beat(const Verdict& verdict);

  // Fills in the empty publicIP of our endpoint in this Gateway.  A conflict is no error: the next
  // change of the Gateway brings us back.
  Status fill_public_ip(const kube::Object& gateway, const IpAddress& address);

 private:
  kube::Cluster& cluster_;
  const std::string node_;
  const kube::Heartbeat heartbeat_;
  const kube::RequestOptions options_;
  MetricTable& metrics_;
  bool is_gateway_ = false;
  Verdict last_verdict_{true, ""};
};

}  // namespace raven::gateway_agent
