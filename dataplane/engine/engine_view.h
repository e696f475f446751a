// EngineView: what the engine knows, for whoever reports it.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.  References into the engine: of use until the loop goes on.
#pragma once

#include <vector>

#include "dataplane/decide/selection.h"
#include "dataplane/engine/peer_tables.h"
#include "dataplane/engine/worker_watch.h"
#include "dataplane/sa/manager.h"
#include "dataplane/sa/socket.h"
#include "dataplane/settings.h"

namespace raven::dataplane {

struct EngineCounters {
  // What became of the SAs of the previous run.
  uint64_t sas_restored = 0;
  uint64_t sas_not_restored = 0;
  uint64_t sa_messages_refused = 0;
  // Messages of routers about packets that were too big.
  uint64_t too_big_heard = 0;
  uint64_t too_big_refused = 0;
  // Requests for keys to the key daemon.
  AcquireCounts acquires;
  std::size_t acquires_waiting = 0;
};

struct EngineView {
  const Settings& settings;
  const Tables& tables;
  const Desired& desired;
  uint64_t generation;  // of `desired`; 0: nobody has said anything
  const SaManager& sas;
  const Selection& selection;
  const PeerTables& peers;
  const WorkerWatch& watch;
  Instant started;
  bool forwarding;                // all workers move, and a tunnel is usable or none is wanted
  std::vector<ItemError> errors;  // of the desired state, and what else is wrong at the moment
  EngineCounters counters;
};

}  // namespace raven::dataplane
