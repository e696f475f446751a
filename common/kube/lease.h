// Leases (coordination.k8s.io/v1): leader election, heartbeats, and how to judge them.
// SPDX-License-Identifier: Apache-2.0
//
// Clocks of two machines are never compared.  A reader notes when, on its own boot clock, a record
// last changed; the record is stale when it has not changed for its own duration.  Election does no
// I/O: on(event, now) -> action; LeaderElector (leader_elector.h) carries the actions out.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/kube/cluster.h"

namespace raven::kube {

const Kind& lease_kind();

// The spec of a Lease, as far as it is used.
struct LeaseRecord {
  std::string holder;  // holderIdentity, empty: nobody
  std::chrono::seconds duration{0};
  std::string acquire_time;  // MicroTime text, never interpreted
  std::string renew_time;
  int64_t transitions = 0;       // how often the holder changed: the epoch of a leader
  std::string resource_version;  // empty: not stored yet

  static LeaseRecord from_json(const Json& lease);
  Json spec_json() const;
};

// Freshness of leases as seen by this process.  Threading: one thread.
class LeaseObserver {
 public:
  // Notes the record; call with every snapshot.  Returns true while it is fresh: it has a holder,
  // and changed within its duration by our clock.  One that is seen for the first time counts as
  // having just changed.
  bool observe(const std::string& key, const LeaseRecord& record, Instant now);
  // When the record becomes stale unless it changes; unset for unknown keys.
  std::optional<Instant> stale_at(const std::string& key) const;
  void forget(const std::string& key);

 private:
  struct Seen {
    std::string holder;
    std::string renew_time;
    std::string resource_version;
    std::chrono::seconds duration{0};
    Instant changed_at;
  };
  std::map<std::string, Seen, std::less<>> seen_;
};

struct Heartbeat {
  ObjectName name;
  std::string holder;
  std::chrono::seconds duration{4};
  std::map<std::string, std::string> labels;
};

// Renews (or first creates) a Lease that only we write.  One or two requests.
Status renew_heartbeat(Cluster& cluster, const Heartbeat& heartbeat, RequestOptions options = {});

}  // namespace raven::kube
