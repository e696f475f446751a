// Cluster: where Kubernetes objects are read and written.  An API server or a directory of
// manifests; the programs do not see which.
// SPDX-License-Identifier: Apache-2.0
//
// Life: open_cluster(), watch() each kind that is needed, start(), then read snapshots and write.
// Reading is level-triggered: on_change() only says that some snapshot may differ; what changed is
// found by looking.  A snapshot is the last known state; it stays when the server goes away, and is
// never emptied by a reconnect.
//
// Threading: watch() and start() before anything else, from one thread; all other calls from any
// thread.  on_change() comes from the cluster's own thread: it must return at once and must not
// call a writing method.  Writing methods and get() block until the answer or the deadline.
//
// Errors of writes: kNotFound, kExists (create), kConflict (stale resourceVersion: read again and
// recompute), kInvalid (refused by the server), kDenied, kUnavailable (not done or not known to be
// done: read before trying again), kTimeout (outcome unknown).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/base/strong_id.h"
#include "common/kube/object.h"

namespace raven::kube {

// Which objects of a kind to keep in view; empty fields do not restrict.
struct WatchSpec {
  Kind kind;
  std::string name_space = {};
  std::string name = {};            // only this one object
  std::string label_selector = {};  // "key=value,key2": equality and existence
  // The server may not know the kind (404), for good or not yet: that counts as having no objects
  // of it and is asked again each minute.  What was known before stays.
  bool may_be_missing = false;
};

using WatchId = Id<struct WatchIdTag, uint32_t>;

struct ClusterHealth {
  bool synced = false;
  // When the watch that has been silent longest was last heard.  Unset before that.
  std::optional<Instant> last_contact;
  std::string last_error;    // empty when the last request of every watch went well
  uint64_t lists = 0;        // full lists, the first ones included
  uint64_t watches = 0;      // watch requests started
  uint64_t expirations = 0;  // 410: relisted because the version was too old
  uint64_t errors = 0;       // requests that failed, answers that could not be read
  uint64_t requests = 0;     // get() and writes
};

struct RequestOptions {
  // Zero: ClusterOptions::request_timeout.
  std::chrono::milliseconds timeout{0};
};

class Cluster {
 public:
  virtual ~Cluster() = default;

  // Before start().  Ids count from zero.
  virtual WatchId watch(WatchSpec spec) = 0;
  // Starts the cluster's thread.  An unreachable server is no error: the thread keeps trying.
  virtual Status start(std::function<void()> on_change) = 0;
  // Stops the thread; on_change() is not called any more once this returns.  Idempotent; also done
  // by the destructor.
  virtual void stop() = 0;

  // Every watch has been listed once.  Plan nothing before this (or from a snapshot on disk).
  virtual bool synced() const = 0;
  virtual Snapshot snapshot(WatchId id) const = 0;
  virtual ClusterHealth health() const = 0;

  // Reads one object from its source, not from a snapshot.
  virtual Result<Json> get(
      const Kind& kind, const ObjectName& name, RequestOptions options = {}
  ) = 0;
  // Writes return the object as stored.  create() and update() fill in apiVersion and kind.
  virtual Result<Json> create(const Kind& kind, Json object, RequestOptions options = {}) = 0;
  // Replaces the object.  REQUIRES: metadata.resourceVersion, as the precondition.  Keeps status.
  virtual Result<Json> update(const Kind& kind, Json object, RequestOptions options = {}) = 0;
  // JSON merge patch (RFC 7386).  A metadata.resourceVersion in it is a precondition.
  virtual Result<Json> patch(
      const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions options = {}
  ) = 0;
  // The same on the status subresource: only "status" (and the precondition) takes effect.
  virtual Result<Json> patch_status(
      const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions options = {}
  ) = 0;
  // kNotFound when it is gone already.
  virtual Status remove(const Kind& kind, const ObjectName& name, RequestOptions options = {}) = 0;
};

struct ClusterOptions {
  // YurtHub caches answers by this prefix for edge boxes that start without the cloud.
  std::string user_agent = "raven-agent-ds";
  std::chrono::milliseconds request_timeout{10'000};
  // How long a watch is asked to last (+-10 %).  A silent server is given up 10 s after that, so
  // this bounds how stale a snapshot can be without notice.
  std::chrono::milliseconds watch_timeout{45'000};
  // In-cluster configuration, for source "cluster".
  std::string service_account_dir = "/var/run/secrets/kubernetes.io/serviceaccount";
  std::string server = {};  // "https://host:port"; empty: KUBERNETES_SERVICE_HOST and _PORT
};

// source: "cluster" (service account of the pod), "kubeconfig:PATH", "dir:PATH".
Result<std::unique_ptr<Cluster>> open_cluster(
    const std::string& source, const ClusterOptions& options = {}
);

// Why `source` is not one of these, or "" if it is.
std::string check_source(const std::string& source);

}  // namespace raven::kube
