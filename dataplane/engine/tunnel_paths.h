// TunnelPaths: where each tunnel leads, and how large a packet fits through it.
// SPDX-License-Identifier: Apache-2.0
//
// Carries out what PathMtu decides: next hops and sizes into the tables, padded probes out.
//
// Threading: the control thread.
#pragma once

#include <vector>

#include "dataplane/decide/path_mtu.h"
#include "dataplane/engine/peer_tables.h"
#include "dataplane/mirror/next_hops.h"
#include "dataplane/worker/path_control.h"

namespace raven::dataplane {

class TunnelPaths {
 public:
  TunnelPaths(PathControl& path, NextHops& next_hops, const PeerTables& peers)
      : path_{path}, next_hops_{next_hops}, peers_{peers} {}

  // What is known of other tunnels is forgotten.
  void set_tunnels(const std::vector<TunnelId>& tunnels);

  // The outer addresses of a tunnel, or the next hop to them, may be others than before.
  void update(TunnelId tunnel);
  void update_all();

  // Several times a second.  `up`: the small probes of the tunnel are answered.
  void probe(TunnelId tunnel, bool up, Instant now);

  // A router says that a packet was too big; `sender` is the SA that it quotes, nullptr: none.
  void hear(const TooBig& report, const OutboundSa* sender);
  uint64_t too_big_heard() const { return too_big_heard_; }
  uint64_t too_big_refused() const { return too_big_refused_; }

 private:
  PathControl& path_;
  NextHops& next_hops_;
  const PeerTables& peers_;
  PathMtu path_mtu_;
  uint64_t too_big_heard_ = 0, too_big_refused_ = 0;
};

}  // namespace raven::dataplane
