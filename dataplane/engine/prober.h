// Prober: probes every tunnel, and points each pool at the gateway that Selection chooses.
// SPDX-License-Identifier: Apache-2.0
//
// The probes of all tunnels are spread over the interval.  One that the worker has no room for is
// not lost: it is sent at the next call.
//
// Threading: the control thread.  Time is passed in.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "dataplane/decide/probe_turns.h"
#include "dataplane/decide/selection.h"
#include "dataplane/engine/peer_tables.h"
#include "dataplane/engine/worker_watch.h"
#include "dataplane/worker/path_control.h"

namespace raven::dataplane {

struct ProberSettings {
  SelectionSettings selection;
  std::chrono::nanoseconds interval;  // between two probes of a tunnel
};

class Prober {
 public:
  Prober(
      const ProberSettings& settings, PathControl& path, const PeerTables& peers,
      const WorkerWatch& workers
  )
      : path_{path},
        peers_{peers},
        workers_{workers},
        selection_{settings.selection},
        turns_{settings.interval} {}

  // `tunnels`: those with a slot.  What is known of others is forgotten.
  void set_tunnels(const std::vector<TunnelId>& tunnels);
  void set_pools(const std::vector<RemotePool>& pools);

  struct Turns {
    std::vector<TunnelId> tunnels;  // whose turn is over
    bool health_changed = false;    // of one of them: choose
  };
  // Several times per interval: takes the answer of each tunnel whose turn it is, and probes it.
  Turns take_turns(Instant now);
  // Chooses again and switches; returns the pools that have another gateway now.
  std::vector<std::string> choose(Instant now);

  const Selection& selection() const { return selection_; }
  bool is_up(TunnelId tunnel) const;

 private:
  void take_answer(TunnelId tunnel, PeerIndex peer, Instant now);
  bool probe(TunnelId tunnel, PeerIndex peer);
  bool owner_stands_still(PeerIndex peer) const;

  PathControl& path_;
  const PeerTables& peers_;
  const WorkerWatch& workers_;
  Selection selection_;
  ProbeTurns turns_;
  std::map<TunnelId, uint32_t> answers_seen_;  // sequence of the last one
};

}  // namespace raven::dataplane
