// Forwarding: whether this box may tell the cluster that it forwards.
// SPDX-License-Identifier: Apache-2.0
//
// Judged from the dataplane's own status, and only while that is fresh: a dataplane that does not
// answer any more forwards nothing that we would vouch for.
//
// Threading: set() and get() from any thread.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "common/base/clock.h"
#include "common/dpapi/dataplane.pb.h"

namespace raven::gateway_agent {

struct Verdict {
  bool forwards = false;
  std::string why_not;  // empty while it forwards
  bool operator==(const Verdict&) const = default;
};

// All workers alive, all ports up, a desired state applied, a tunnel up or none wanted.  Pure.
Verdict judge(const dpapi::v1::StatusReply& status);

class Forwarding {
 public:
  void set(Verdict verdict, Instant now);
  Verdict get(Instant now) const;

 private:
  static constexpr std::chrono::milliseconds kFreshness{2'500};
  mutable std::mutex mutex_;
  Verdict verdict_;  // under mutex_
  Instant set_at_;   // under mutex_
};

}  // namespace raven::gateway_agent
