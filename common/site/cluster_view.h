// ClusterView: the pools as this node sees them; from the cluster or, until that answers, from the
// last good snapshot on disk.
// SPDX-License-Identifier: Apache-2.0
//
// Both agents plan from network() and remote().  What is empty for a moment only (a status before
// the controller has filled it, a pool whose nodes went) does not take away what was known.
//
// Threading: one thread, except for what says otherwise.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/kube/cluster.h"
#include "common/model/gateway_store.h"
#include "common/model/projector.h"
#include "common/model/remote_prefixes.h"
#include "common/site/agent_settings.h"

namespace raven::site {

class ClusterView {
 public:
  // `cluster` must outlive it, and must not have been started.  `node`: the name of this node.
  ClusterView(kube::Cluster& cluster, const AgentSettings& settings, std::string node);

  // `changed` is called on the cluster's thread.
  Status start(std::function<void()> changed) { return cluster_.start(std::move(changed)); }

  // From now on the snapshot counts, until the cluster has answered.
  void use_snapshot();

  // Looks at what changed of the Gateways, and saves to disk what is new.  False while there is
  // nothing to look at: neither an answer nor use_snapshot().
  bool refresh();

  // As of the last refresh(); before the first one, as a previous run knew it.
  const model::Network& network() const { return *network_; }
  const model::RemotePrefixes& remote() const { return remote_; }

  // Our Gateway lists no nodes for the moment, so that network() is as it was before; its problems
  // say so.
  bool own_status_emptied() const { return own_status_emptied_; }

  // The Gateway of which this node is a gateway box; null: of none.
  kube::Object own_gateway() const;

  // The Gateways come from the cluster, not from disk.
  bool synced() const { return cluster_.synced(); }

  // Any thread.
  bool from_snapshot() const { return from_snapshot_; }
  uint64_t snapshot_errors() const { return snapshot_errors_; }  // saves that failed

 private:
  kube::Snapshot read();
  void save(const kube::Snapshot& gateways);

  kube::Cluster& cluster_;
  const kube::WatchId watch_;
  model::Projector projector_;
  model::GatewayStore store_;
  model::GatewayStore::Loaded former_;               // generation 0: there was none
  kube::Snapshot from_disk_;                         // null: not used, or not any more
  kube::Snapshot saved_;                             // on disk
  kube::Snapshot gateways_;                          // of the last refresh()
  std::shared_ptr<const model::Network> projected_;  // from gateways_
  std::shared_ptr<const model::Network> network_;
  model::RemotePrefixes remote_;
  bool own_status_emptied_ = false;
  std::atomic<bool> from_snapshot_ = false;
  std::atomic<uint64_t> snapshot_errors_ = 0;
};

}  // namespace raven::site
