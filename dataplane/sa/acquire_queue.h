// AcquireQueue: tunnels whose keys a daemon is to be asked for, each once, at a bounded rate.
// SPDX-License-Identifier: Apache-2.0
//
// A box that lost the SAs of thousands of tunnels wants them all at once; a key daemon can take as
// many requests as its socket holds, and negotiates far fewer at a time.  First come, first served:
// a tunnel that asks again does not overtake those that wait.
// Threading: the control thread.  Time is passed in.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <set>

#include "common/base/clock.h"
#include "dataplane/ipsec/ids.h"

namespace raven::dataplane {

class AcquireQueue {
 public:
  // At most so many in an interval: 320 a second, and well below what a socket holds.
  static constexpr std::chrono::milliseconds kInterval{50};
  static constexpr unsigned kPerInterval = 16;

  // Nothing when it waits already.
  void add(TunnelId tunnel);
  // Takes out whose turn it is, nothing: none waits, or the interval has had its share.
  std::optional<TunnelId> take(Instant now);
  // It could not be told: it is the first of the next interval.
  void put_back(TunnelId tunnel);

  std::size_t waiting() const { return queue_.size(); }

 private:
  std::deque<TunnelId> queue_;
  std::set<TunnelId> queued_;  // the same
  Instant interval_began_;
  unsigned taken_ = 0;  // in this interval
};

}  // namespace raven::dataplane
