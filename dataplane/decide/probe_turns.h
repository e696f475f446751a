// ProbeTurns: whose turn it is to be probed: each tunnel once per interval, evenly spread.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: no I/O, no clock of its own.  Tunnels take turns in one fixed order.  One whose probe found
// no room stays at the head: it is tried again at the next call, before all others.
//
// Threading: one thread.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "dataplane/packet/ids.h"

namespace raven::dataplane {

class ProbeTurns {
 public:
  explicit ProbeTurns(std::chrono::nanoseconds interval) : interval_{interval} {}

  // Those that stay keep their place; new ones come first, in the order given.
  void set_tunnels(const std::vector<TunnelId>& tunnels);

  // Several times per interval.  Calls `probe` for each tunnel whose turn it is; false: no room.
  // However late the call is, it is nobody's turn twice.
  void take(Instant now, const std::function<bool(TunnelId)>& probe);

 private:
  std::size_t due(Instant now);

  const std::chrono::nanoseconds interval_;
  std::deque<TunnelId> waiting_;   // the next one first
  std::vector<TunnelId> refused_;  // found no room
  std::optional<Instant> last_;
  // Turns that are due, in parts of an interval: a whole one is a turn.
  std::chrono::nanoseconds owed_{interval_};
};

}  // namespace raven::dataplane
