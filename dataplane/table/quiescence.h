// Quiescence: when may memory that workers could still read be freed?  The only user of rte_rcu.
// SPDX-License-Identifier: Apache-2.0
//
// Rules
// - A worker is online while it runs packets and calls quiescent() once per loop, at a point where
//   it holds no pointer into a table.  It goes offline before it sleeps or stops.
// - The control thread takes a thing out of every place where a worker could find it, then hands
//   its disposal to defer(); the disposal runs in a later reclaim(), once every online worker has
//   passed a quiescent point.  Neither call waits, so control never blocks on a worker.
//
// Threading: online/offline/quiescent by the worker of that id; all else by one control thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>

#include "common/base/result.h"
#include "dataplane/packet/ids.h"

struct rte_rcu_qsbr;

namespace raven::dataplane {

class Quiescence {
 public:
  // REQUIRES: the EAL is up (the state is in its memory).
  static Result<std::unique_ptr<Quiescence>> create(unsigned workers);
  ~Quiescence();  // waits for the workers, then runs every disposal
  Quiescence(const Quiescence&) = delete;
  Quiescence& operator=(const Quiescence&) = delete;

  // Worker side.
  void online(WorkerId worker);
  void offline(WorkerId worker);
  void quiescent(WorkerId worker);

  // Control side.
  void defer(std::function<void()> disposal);
  std::size_t reclaim();  // runs what has become safe; returns how many remain
  void synchronize();     // waits until every online worker has passed, then runs all disposals

 private:
  explicit Quiescence(rte_rcu_qsbr* state) : state_{state} {}
  struct Deferred {
    uint64_t token;
    std::function<void()> disposal;
  };
  rte_rcu_qsbr* state_;
  std::deque<Deferred> deferred_;
};

}  // namespace raven::dataplane
