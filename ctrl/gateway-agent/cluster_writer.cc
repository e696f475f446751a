// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/cluster_writer.h"

#include "common/base/log.h"
#include "common/kube/json_value.h"
#include "common/model/names.h"
#include "ctrl/gateway-agent/public_ip.h"

namespace raven::gateway_agent {

ClusterWriter::ClusterWriter(
    kube::Cluster& cluster, const std::string& node, const Settings& settings, MetricTable& metrics
)
    : cluster_{cluster},
      node_{node},
      heartbeat_{
          .name = model::heartbeat_name(node),
          .holder = node,
          .duration = std::chrono::seconds{settings.heartbeat.duration_s},
          .labels = {{std::string{model::kHeartbeatLabel}, "true"}}},
      options_{.timeout = std::chrono::milliseconds{settings.request_timeout_ms}},
      metrics_{metrics},
      events_{cluster, "raven-gateway-agent", node} {}

void ClusterWriter::tell(
    kube::EventType type, const std::string& reason, const std::string& message
) {
  if (!gateway_) return;
  const auto subject = kube::EventSubject::of(model::gateway_kind(), *gateway_);
  events_.record(subject, type, reason, "box " + node_ + ": " + message);
}

// That it does not forward yet is no news at a start.
void ClusterWriter::tell_change(const Verdict& verdict) {
  if (verdict.forwards == told_forwarding_) return;
  told_forwarding_ = verdict.forwards;
  if (verdict.forwards)
    tell(kube::EventType::kNormal, "DataplaneForwarding", "the dataplane forwards");
  else
    tell(kube::EventType::kWarning, "DataplaneNotForwarding", verdict.why_not);
}

Status ClusterWriter::beat(const Verdict& verdict) {
  if (!gateway_) return {};
  tell_change(verdict);
  if (verdict != last_verdict_) {
    if (verdict.forwards)
      log::info("heartbeat", "the dataplane forwards");
    else
      log::warning("heartbeat", "withheld: {}", verdict.why_not);
    last_verdict_ = verdict;
  }
  if (!verdict.forwards) {
    metrics_.add(Metric::kHeartbeats, {"withheld"});
    return {};
  }
  Status renewed = kube::renew_heartbeat(cluster_, heartbeat_, options_);
  metrics_.add(Metric::kHeartbeats, {renewed.ok() ? "ok" : "error"});
  if (!renewed.ok()) return std::move(renewed).error().with("renew the heartbeat Lease");
  return {};
}

Status ClusterWriter::fill_public_ip(const kube::Object& gateway, const IpAddress& address) {
  const auto patch = public_ip_patch(*gateway, node_, address);
  if (!patch) return {};
  const kube::ObjectName name = kube::object_name(*gateway);
  auto written = cluster_.patch(model::gateway_kind(), name, *patch, options_);
  if (written.ok()) {
    metrics_.add(Metric::kPublicIpWrites, {"ok"});
    log::info("public_ip", "wrote {} into Gateway {}", address.text(), name.name);
    tell(kube::EventType::kNormal, "PublicIPFilled", "its publicIP is " + address.text());
    return {};
  }
  const bool conflict = written.error().code == ErrorCode::kConflict;
  metrics_.add(Metric::kPublicIpWrites, {conflict ? "conflict" : "error"});
  if (conflict) return {};
  return std::move(written).error().with("write the publicIP into Gateway " + name.name);
}

}  // namespace raven::gateway_agent
