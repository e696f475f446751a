// Election: who leads, as a state machine without I/O.  Kubernetes' rules: a Lease, a local clock,
// resourceVersion as the only arbiter.
// SPDX-License-Identifier: Apache-2.0
//
// A leader's validity runs from before its request was sent, and ends renew_deadline later; others
// wait for lease_duration, which is longer.  Between the two nobody leads.  A lease is no fence:
// what must not be done twice carries resourceVersions, or the epoch.
//
// Threading: one thread.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <variant>

#include "common/kube/lease.h"

namespace raven::kube {

// REQUIRES: lease_duration > renew_deadline > 1.2 * retry_period.
struct ElectionConfig {
  std::string identity;  // unique for each process: pod name and a random suffix
  std::chrono::milliseconds lease_duration{15'000};
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};
};

class Election {
 public:
  // Inputs.
  struct Tick {};
  struct ReadDone {
    std::optional<LeaseRecord> record;  // unset: there is no such Lease
  };
  struct WriteDone {
    LeaseRecord record;  // as stored
    Instant sent_at;
  };
  struct WriteLost {};  // conflict, or somebody created it first
  struct Failed {};     // no answer, or an error: try again
  using Event = std::variant<Tick, ReadDone, WriteDone, WriteLost, Failed>;

  // Outputs.
  struct Wait {
    Instant until;
  };
  struct Read {};
  struct Write {
    LeaseRecord record;  // resource_version empty: create
  };
  using Action = std::variant<Wait, Read, Write>;

  Election(ElectionConfig config, uint64_t jitter_seed);

  Action on(const Event& event, Instant now);

  // Leads now?  Turns false by time alone.
  bool leads(Instant now) const { return leading_ && now < valid_until_; }
  Instant valid_until() const { return valid_until_; }
  // leaseTransitions of our own term.
  int64_t epoch() const { return epoch_; }
  // Who leads as far as we know; empty: nobody.
  const std::string& leader() const { return leader_; }

  // Gives up.  Returns what to write so that the next one need not wait, if we lead.
  std::optional<LeaseRecord> release(Instant now);

 private:
  Action handle(const Tick&, Instant now);
  Action handle(const ReadDone& event, Instant now);
  Action handle(const WriteDone& event, Instant now);
  Action handle(const WriteLost&, Instant now);
  Action handle(const Failed&, Instant now);
  Action wait_to_retry(Instant now);
  Action wait_to_renew(Instant now, std::chrono::milliseconds pause);
  Action take(const std::optional<LeaseRecord>& current);
  Action renew();

  ElectionConfig config_;
  std::mt19937_64 random_;
  LeaseObserver observer_;
  bool leading_ = false;
  // While leading_: the record as stored.  Its version is empty when it is not known any more.
  LeaseRecord ours_;
  std::string leader_;
  Instant valid_until_{};
  int64_t epoch_ = 0;
};

}  // namespace raven::kube
