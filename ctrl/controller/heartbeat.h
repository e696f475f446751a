// Heartbeats: how recently each gateway box has renewed its Lease, as seen from here.
// SPDX-License-Identifier: Apache-2.0
//
// No I/O; time is injected.  A box is judged by when *we* saw its renewTime change, never by
// comparing renewTime with our clock: clocks of edge sites are wrong.
// Silence of all boxes at once means that this replica heard nothing (the API server was away), not
// that all boxes died at the same moment: all clocks are restarted when the silence ends.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "common/base/clock.h"

namespace raven::controller {

enum class Pulse {
  kNone,      // there is no Lease
  kUnproven,  // a Lease, not seen to change yet: it may be the last renewal of a dead box
  kFresh,     // renewed within half of the Lease's duration
  kAging,     // renewed within the Lease's duration
  kStale,     // not renewed for the Lease's duration, or given up by its holder
};

const char* pulse_name(Pulse pulse);

class Heartbeats {
 public:
  using Duration = std::chrono::nanoseconds;

  // What the Lease of `node` holds now.  `renewal` is compared for equality only; an empty
  // `holder` is a box that has released it.
  void see(
      const std::string& node, const std::string& holder, const std::string& renewal,
      Duration duration, Instant now
  );
  // The Lease is gone.
  void forget(const std::string& node);

  Pulse pulse(const std::string& node, Instant now) const;
  // Time since the last renewal that we saw.
  std::optional<Duration> age(const std::string& node, Instant now) const;
  // When some pulse next changes although nothing is seen.
  std::optional<Instant> next_change(Instant now) const;
  const auto& boxes() const { return boxes_; }

 private:
  struct Box {
    std::string renewal;
    Duration duration{};
    Instant changed;
    bool proven = false;
    bool released = false;
    bool restarted = false;  // after a silence, and not renewed since
  };
  void restart_after_silence(Instant now);

  std::map<std::string, Box> boxes_;
  std::optional<Instant> last_renewal_;  // of any box
};

}  // namespace raven::controller
