// Election: which endpoints of one pool are active, for one type (tunnel or proxy).
// SPDX-License-Identifier: Apache-2.0
//
// No I/O; time is injected.  Raven's rules: an incumbent stays while it is eligible, free seats are
// filled in the order of spec.endpoints, the result is sorted by node name.  Ours on top:
//   - A tunnel endpoint needs a fresh heartbeat, unless no box of the pool has one at all.
//   - A box is only judged lost while another box of the pool is heard: silence of all means that
//     the line to the site is cut, and its last active set is the best guess.
//     When the line is back, every box has `recovery_wait` to report.  The same holds when the
//     first box of the pool reports: tunnels of the others may take longer to come up.
//   - Hold-down: a lost box must be healthy for `hold_down` before it is elected again.
//     If no other box is left it may return earlier, but at most once in two hold-downs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "ctrl/controller/heartbeat.h"

namespace raven::controller {

struct ElectionConfig {
  std::chrono::nanoseconds hold_down = std::chrono::seconds{30};
  std::chrono::nanoseconds recovery_wait = std::chrono::seconds{5};
};

struct Candidate {  // an endpoint of spec, without duplicates
  std::string node;
  bool in_pool = false;  // the Node exists and carries the label of the pool
  bool ready = false;    // its condition Ready is True
  Pulse pulse = Pulse::kNone;
};

struct Ballot {
  std::size_t replicas = 0;
  bool by_heartbeat = false;          // tunnel: yes, proxy: no
  std::vector<Candidate> candidates;  // order is preference
  std::vector<std::string> active;    // as elected before
};

enum class Standing {
  kActive,
  kStandby,   // eligible, no seat free
  kHeldDown,  // eligible again, too recently
  kUnheard,   // eligible, but its heartbeat is not proven yet or getting old
  kKept,      // active though not eligible: the pool is cut off or has just begun to report
  kNotInPool,
  kNotReady,
  kNoHeartbeat,  // other boxes of the pool have a Lease, this one has not
  kHeartbeatStale,
};

const char* standing_text(Standing standing);

struct Outcome {
  std::vector<std::string> active;           // sorted
  std::map<std::string, Standing> standing;  // of every candidate
  bool cut_off = false;                      // the pool has candidates, none is eligible
  bool switched = false;                     // a lost incumbent was replaced
  std::optional<Instant> retry_at;           // decide again then, even if nothing is heard
  bool operator==(const Outcome&) const = default;
};

class Election {
 public:
  explicit Election(ElectionConfig config) : config_{config} {}

  Outcome run(const Ballot& ballot, Instant now);

 private:
  struct Box {
    bool eligible = false;
    bool was_lost = false;  // since it was last healthy for a whole hold-down
    Instant eligible_since;
  };
  struct Round;  // the work of one run()

  void remember_first_heartbeat(const Round& round);
  bool may_still_report(const Round& round, const Candidate& box) const;
  void remember(const Round& round);
  void remember_cut_off(bool cut_off, Instant now);
  bool held_down(const Box& box, Instant now) const;
  void keep_incumbents(Round& round) const;
  void fill_seats(Round& round);
  void seat_held_down(Round& round);
  void describe(Round& round) const;

  ElectionConfig config_;
  std::map<std::string, Box> boxes_;
  bool cut_off_ = false;
  std::optional<Instant> recovered_at_;
  std::optional<Instant> first_heartbeat_;  // since then the pool is judged by heartbeats
  std::optional<Instant> switched_at_;
};

}  // namespace raven::controller
