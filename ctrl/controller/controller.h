// Controller: the loop around plan and diff.  Watches, decides, and writes while it leads.
// SPDX-License-Identifier: Apache-2.0
//
// Every replica watches and holds the elections, so that a new leader knows the boxes already; only
// the leader writes.  Events mark dirty; the pass is debounced, and repeated each `resync_s`.
//
// Threading: the loop's thread; health() and the metrics collector run on others.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "common/event/loop.h"
#include "common/kube/cluster.h"
#include "common/kube/events.h"
#include "common/kube/leader_elector.h"
#include "common/kube/typed_view.h"
#include "common/metrics/http_endpoint.h"
#include "ctrl/controller/diff.h"
#include "ctrl/controller/metrics.h"
#include "ctrl/controller/own_writes.h"
#include "ctrl/controller/retry.h"
#include "ctrl/controller/settings.h"

namespace raven::controller {

class Controller {
 public:
  // The references must outlive it.  `identity` is unique among all replicas.
  Controller(
      const Settings& settings, std::string identity, kube::Cluster& cluster, event::Loop& loop,
      MetricTable& metrics
  );

  Status start();
  // Stops writing, releases the lease, ends all threads.
  void stop();

  // From any thread.  Unhealthy when the loop hangs, which a restart would cure; not when the API
  // server is away, which it would not.
  metrics::Health health() const;
  // From any thread: what is read at each scrape.
  void collect(metrics::Sink<Metric>& sink) const;

 private:
  struct Watches {
    kube::WatchId gateways, nodes, config, leases, blocks;
  };

  void pass();
  bool refresh_world();
  void refresh_heartbeats(Instant now);
  World world() const;
  bool decide(Instant now);
  void write_changes(Instant now);
  Status write(const std::string& name, kube::Object object, const Change& change);
  Result<kube::Object> write_one(
      const std::string& name, const kube::Object& base, const Edit& edit, bool is_status
  );
  void announce(const kube::Json& object, const std::vector<Notice>& notices);
  void wake_at_next_change(Instant now);
  void collect_pools(metrics::Sink<Metric>& sink) const;
  void collect_api(metrics::Sink<Metric>& sink) const;

  const Settings settings_;
  kube::Cluster& cluster_;
  event::Loop& loop_;
  MetricTable& metrics_;
  event::Debounce dirty_;
  Watches watches_{};

  mutable std::mutex mutex_;  // guards the state below: loop: rw, collect(): r
  kube::TypedView<model::Gateway> gateways_{model::parse_gateway};
  kube::TypedView<model::Node> nodes_{model::parse_node};
  kube::TypedView<model::BlockAffinity> blocks_{model::parse_block_affinity};
  kube::TypedView<kube::LeaseRecord> leases_;
  kube::Snapshot config_;
  Heartbeats heartbeats_;
  ElectedByGateway elected_;
  DesiredByGateway desired_;

  PoolElections elections_;  // this and what follows: the loop's thread only
  OwnWrites own_writes_;
  RetryTimes retries_;
  bool settled_ = false;  // nothing to write until something changes
  event::TimerId wake_ = 0;
  std::atomic<Instant> last_turn_;  // loop: w, others: r

  kube::EventRecorder events_;
  kube::LeaderElector elector_;  // last: its thread ends first
};

}  // namespace raven::controller
