// Prober: probes every tunnel, and points each pool at the gateway that Selection chooses.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.  Time is passed in.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dataplane/decide/selection.h"
#include "dataplane/engine/peer_tables.h"
#include "dataplane/worker/path_control.h"

namespace raven::dataplane {

class Prober {
 public:
  Prober(const SelectionSettings& settings, PathControl& path, const PeerTables& peers)
      : path_{path}, peers_{peers}, selection_{settings} {}

  // `tunnels`: those with a slot.  What is known of others is forgotten.
  void set_tunnels(const std::vector<uint32_t>& tunnels);
  void set_pools(const std::vector<RemotePool>& pools);

  void take_answers(Instant now);
  // Also finds tunnels down that did not answer the probes before.
  void send();
  // Chooses again and switches; returns the pools that have another gateway now.
  std::vector<std::string> choose(Instant now);

  const Selection& selection() const { return selection_; }
  bool is_up(TunnelId tunnel) const;

 private:
  PathControl& path_;
  const PeerTables& peers_;
  Selection selection_;
  std::map<TunnelId, uint32_t> answers_seen_;  // sequence of the last one
};

}  // namespace raven::dataplane
