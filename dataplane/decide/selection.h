// Selection: which tunnels are up, and which gateway each remote pool is reached by.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: no I/O, no clock of its own; the caller sends the probes and tells of the answers.
// Rules: a tunnel is up from its first answer until `loss_max` probes were lost: sent without any
// answer arriving meanwhile (so a long round trip alone never takes a tunnel down).  A probe that
// found no room on its way out is not lost.  A pool uses the first
// gateway of its list that is up.  When the one in use goes down the next is taken at once; a
// preferred one that comes back must stay up for `switch_back` first.
// Other implementations do not answer our probes: while no gateway of a pool is up, the first one
// with keys that has never answered is used, unverified.  While nothing else is left, a pool stays
// with the gateway that it had, as long as that has keys: who comes back, perhaps a dataplane that
// crashed, has its traffic at once and not one probe later.
//
// Threading: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace raven::dataplane {

struct SelectionSettings {
  uint32_t loss_max = 3;
  std::chrono::nanoseconds switch_back = std::chrono::seconds{5};
};

struct TunnelHealth {
  bool up = false;
  Instant up_since{};
  uint64_t probes_sent = 0;  // that left
  uint64_t down_count = 0;
  std::chrono::nanoseconds round_trip{0};  // of the last answer, 0: never answered
};

struct PoolChoice {
  std::optional<uint32_t> tunnel;  // none: no gateway of the pool can be used
  uint64_t switch_count = 0;
};

class Selection {
 public:
  explicit Selection(SelectionSettings settings) : settings_{settings} {}

  // The tunnels that are probed.  What is known of those that stay is kept.
  void set_tunnels(const std::vector<uint32_t>& tunnels);
  // The gateways of a pool by tunnel, in order of preference; pools that are not named go.
  void set_pools(const std::map<std::string, std::vector<uint32_t>>& pools);

  // It is time for the next probe: finds the tunnel down that did not answer those before.  Returns
  // the sequence number that the probe must carry, 0 when the tunnel is not known.
  uint32_t probe_due(uint32_t tunnel);
  // It left.
  void probe_sent(uint32_t tunnel);
  // It cannot leave, and no later one could: as if it were sent and lost.
  void probe_lost(uint32_t tunnel);
  // Repeated and very late answers prove nothing about now and are ignored.
  void probe_answered(
      uint32_t tunnel, uint32_t sequence, std::chrono::nanoseconds round_trip, Instant now
  );

  // Whether there are keys to send into the tunnel.
  void set_keyed(uint32_t tunnel, bool keyed);

  // Chooses again; returns the pools whose choice is another one than before.
  std::vector<std::string> choose(Instant now);

  const std::map<std::string, PoolChoice>& choices() const { return choices_; }
  const TunnelHealth* health(uint32_t tunnel) const;
  // A tunnel is up, or unverified.
  bool any_usable() const;

 private:
  struct Tunnel {
    TunnelHealth health;
    uint32_t last_sent = 0;  // wraps after thirteen years of ten probes a second
    uint32_t last_answered = 0;
    uint32_t lost = 0;  // since the last answer, as far as one knows
    bool keyed = false;
  };

  bool is_up(uint32_t tunnel) const;
  bool is_keyed(uint32_t tunnel) const;
  bool is_unverified(uint32_t tunnel) const;
  std::optional<uint32_t> best(
      const std::vector<uint32_t>& gateways, std::optional<uint32_t> current, Instant now
  ) const;

  SelectionSettings settings_;
  std::map<uint32_t, Tunnel> tunnels_;
  std::map<std::string, std::vector<uint32_t>> pools_;
  std::map<std::string, PoolChoice> choices_;
};

}  // namespace raven::dataplane
