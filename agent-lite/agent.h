// Agent: the loop of raven-agent-lite.  Events only mark the state dirty; one pass reads all
// inputs, plans, and brings the kernel there.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: everything on the loop's thread, except health(), which any thread may call.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "agent-lite/host.h"
#include "agent-lite/metrics.h"
#include "agent-lite/prober.h"
#include "agent-lite/settings.h"
#include "common/event/loop.h"
#include "common/metrics/http_endpoint.h"
#include "common/netlink/monitor.h"
#include "common/site/cluster_view.h"

namespace raven::agent_lite {

class Agent {
 public:
  Agent(
      event::Loop& loop, const Settings& settings, Metrics& metrics, Host host,
      netlink::Monitor monitor, kube::Cluster& cluster, std::string node
  );
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  Status start();
  metrics::Health health() const;

 private:
  void on_kernel_change();
  void pass();
  void guard_before_first_read();
  Report converge();
  Report guard();
  Report converge_plain(const model::Member& self);
  void remove_leftovers_once();
  void record(const Report& report, std::chrono::nanoseconds duration);
  void record_problems(std::vector<std::string> problems);
  void set_health(std::string reason);

  event::Loop& loop_;
  const Settings& settings_;
  Metrics& metrics_;
  Host host_;
  netlink::Monitor monitor_;
  kube::Cluster& cluster_;
  site::ClusterView view_;
  Prober prober_;
  event::Debounce dirty_;
  std::map<IpAddress, MacAddress> gateway_macs_;  // that the last plan went by
  std::vector<std::string> problems_;
  bool leftovers_removed_ = false;

  mutable std::mutex mutex_;
  std::string unhealthy_ = "no Gateways are known yet";  // under mutex_
};

}  // namespace raven::agent_lite
