// What the controller shows at each scrape.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/controller.h"

namespace raven::controller {
namespace {

double seconds_of(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void Controller::collect(metrics::Sink<Metric>& sink) const {
  const Instant now = BootClock::now();
  sink.set(Metric::kLeader, {}, elector_.leads() ? 1 : 0);
  sink.set(Metric::kLeaderEpoch, {}, static_cast<double>(elector_.epoch()));
  sink.set(Metric::kSynced, {}, cluster_.synced() ? 1 : 0);
  sink.set(Metric::kLastPassAge, {}, seconds_of(now - last_turn_.load()));
  collect_api(sink);
  const std::lock_guard lock{mutex_};
  collect_pools(sink);
  for (const auto& [node, box] : heartbeats_.boxes())
    if (const auto age = heartbeats_.age(node, now))
      sink.set(Metric::kHeartbeatAge, {node}, seconds_of(*age));
}

void Controller::collect_pools(metrics::Sink<Metric>& sink) const {
  for (const auto& [name, gateway] : gateways_.all())
    for (const model::Endpoint& endpoint : gateway.active_endpoints) {
      const bool tunnel = endpoint.type == model::EndpointType::kTunnel;
      sink.set(Metric::kActive, {name, endpoint.node_name, tunnel ? "tunnel" : "proxy"}, 1);
    }
  for (const auto& [name, elected] : elected_) {
    if (elected.tunnel) sink.set(Metric::kCutOff, {name, "tunnel"}, elected.tunnel->cut_off);
    if (elected.proxy) sink.set(Metric::kCutOff, {name, "proxy"}, elected.proxy->cut_off);
  }
  for (const auto& [name, desired] : desired_) {
    sink.set(Metric::kOverlaps, {name}, static_cast<double>(desired.refused.size()));
    sink.set(Metric::kBadSubnets, {name}, static_cast<double>(desired.bad_subnets));
  }
}

void Controller::collect_api(metrics::Sink<Metric>& sink) const {
  const kube::ClusterHealth api = cluster_.health();
  if (api.last_contact)
    sink.set(Metric::kContactAge, {}, seconds_of(BootClock::now() - *api.last_contact));
  sink.set(Metric::kApiLists, {}, static_cast<double>(api.lists));
  sink.set(Metric::kApiWatches, {}, static_cast<double>(api.watches));
  sink.set(Metric::kApiExpirations, {}, static_cast<double>(api.expirations));
  sink.set(Metric::kApiErrors, {}, static_cast<double>(api.errors));
  sink.set(Metric::kApiRequests, {}, static_cast<double>(api.requests));
  const kube::EventCounters events = events_.counters();
  sink.set(Metric::kEvents, {"sent"}, static_cast<double>(events.sent));
  sink.set(Metric::kEvents, {"dropped"}, static_cast<double>(events.dropped));
  sink.set(Metric::kEvents, {"failed"}, static_cast<double>(events.failed));
}

}  // namespace raven::controller
