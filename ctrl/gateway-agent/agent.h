// Agent: the loop of raven-gateway-agent.
// SPDX-License-Identifier: Apache-2.0
//
// Events only mark the state dirty; one pass reads everything, plans, and hands each part to its
// output.  The three that may block on somebody have a thread each (dataplane, charon, API server),
// so that none delays another:
//
//   main thread       Gateways and kernel -> plan -> kernel routes
//   dataplane thread  status twice a second, desired state
//   ike thread        charon
//   cluster thread    heartbeat Lease, publicIP
#pragma once

#include <memory>
#include <string>

#include "common/event/loop.h"
#include "common/kube/cluster.h"
#include "common/metrics/http_endpoint.h"
#include "common/netlink/monitor.h"
#include "common/site/cluster_view.h"
#include "ctrl/gateway-agent/cluster_writer.h"
#include "ctrl/gateway-agent/dataplane_applier.h"
#include "ctrl/gateway-agent/forwarding.h"
#include "ctrl/gateway-agent/ike_applier.h"
#include "ctrl/gateway-agent/loop_thread.h"
#include "ctrl/gateway-agent/metrics.h"
#include "ctrl/gateway-agent/outputs.h"
#include "ctrl/gateway-agent/plan.h"
#include "ctrl/gateway-agent/routes_applier.h"
#include "ctrl/gateway-agent/settings.h"

namespace raven::gateway_agent {

class Agent {
 public:
  Agent(
      event::Loop& loop, const Settings& settings, std::string node, kube::Cluster& cluster,
      netlink::Kernel kernel, netlink::Monitor monitor, MetricTable& metrics
  );
  ~Agent();

  // Then run the loop.
  Status start();
  // Ends the threads.  What this box forwards, and its routes, stay as they are.
  void stop();

  // From any thread.
  metrics::Health health() const { return outputs_.health(); }
  void collect(metrics::Sink<Metric>& sink) const;

 private:
  void pass();
  void read_kernel();
  Facts read_facts();
  void guard_before_first_read();
  void hand_over(Desired desired);
  void report_problems(const std::vector<PlanProblem>& problems);
  void tell_problem(const PlanProblem& problem);
  void fill_public_ip(const kube::Object& gateway);

  void dataplane_step();
  void ike_pass();
  void tell_key_problem();
  void watch_charon();
  void forget_charon();

  event::Loop& loop_;
  const Settings& settings_;
  kube::Cluster& cluster_;
  MetricTable& metrics_;
  Outputs outputs_;
  Forwarding forwarding_;

  // Main thread.
  netlink::Monitor monitor_;
  RoutesApplier routes_;
  site::ClusterView view_;
  event::Debounce dirty_;
  unsigned workers_ = 1;
  std::vector<PlanProblem> problems_;
  const PublicIpSource public_ip_;

  // One thread each.
  DataplaneSocket dataplane_calls_;
  DataplaneApplier dataplane_;
  unsigned reported_workers_ = 0;  // dataplane thread
  IkeApplier ike_;
  int watched_fd_ = -1;      // ike thread
  std::string key_problem_;  // ike thread
  ClusterWriter writer_;
  LoopThread dataplane_thread_, ike_thread_, cluster_thread_;
  event::Debounce ike_dirty_;
};

}  // namespace raven::gateway_agent
