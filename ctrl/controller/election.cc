// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/election.h"

#include <algorithm>
#include <set>

namespace raven::controller {
namespace {

bool uses_heartbeats(const Ballot& ballot) {
  return ballot.by_heartbeat && std::ranges::any_of(ballot.candidates, [](const Candidate& box) {
           return box.in_pool && box.pulse != Pulse::kNone;
         });
}

// What keeps a candidate from being eligible; kStandby: nothing.
Standing obstacle(const Candidate& box, bool by_heartbeat) {
  if (!box.in_pool) return Standing::kNotInPool;
  if (!box.ready) return Standing::kNotReady;
  if (by_heartbeat && box.pulse == Pulse::kNone) return Standing::kNoHeartbeat;
  if (by_heartbeat && box.pulse == Pulse::kStale) return Standing::kHeartbeatStale;
  return Standing::kStandby;
}

bool is_in_pool(const Candidate& box, bool) {
  return box.in_pool;
}

bool is_eligible(const Candidate& box, bool by_heartbeat) {
  return obstacle(box, by_heartbeat) == Standing::kStandby;
}

// Eligible, and there is evidence that it is so right now.
bool is_heard(const Candidate& box, bool by_heartbeat) {
  return is_eligible(box, by_heartbeat) && (!by_heartbeat || box.pulse == Pulse::kFresh);
}

}  // namespace

const char* standing_text(Standing standing) {
  switch (standing) {
    case Standing::kActive:
      return "active";
    case Standing::kStandby:
      return "standby";
    case Standing::kHeldDown:
      return "held down after a recent loss";
    case Standing::kUnheard:
      return "waiting for its heartbeat";
    case Standing::kKept:
      return "kept: the pool is cut off or has just begun to report";
    case Standing::kNotInPool:
      return "no such node in the pool";
    case Standing::kNotReady:
      return "node is not Ready";
    case Standing::kNoHeartbeat:
      return "no heartbeat lease";
    case Standing::kHeartbeatStale:
      return "heartbeat is stale";
  }
  return "?";
}

struct Election::Round {
  const Ballot& ballot;
  Instant now;
  bool by_heartbeat = uses_heartbeats(ballot);
  std::vector<const Candidate*> incumbents{};  // in the pool, order of preference
  std::set<std::string> seats{};
  Outcome outcome{};

  bool is_full() const { return seats.size() >= ballot.replicas; }
  bool sits(const Candidate& box) const { return seats.contains(box.node); }
  bool take(const Candidate& box) { return !is_full() && seats.insert(box.node).second; }
  void retry_at(Instant when) {
    if (!outcome.retry_at || when < *outcome.retry_at) outcome.retry_at = when;
  }
  bool any(bool (*test)(const Candidate&, bool)) const {
    return std::ranges::any_of(ballot.candidates, [&](const Candidate& box) {
      return test(box, by_heartbeat);
    });
  }
  bool lost(const Candidate& box) const { return !is_eligible(box, by_heartbeat); }
};

Outcome Election::run(const Ballot& ballot, Instant now) {
  Round round{ballot, now};
  remember_first_heartbeat(round);
  remember(round);
  round.outcome.cut_off = round.any(is_in_pool) && !round.any(is_eligible);
  remember_cut_off(round.outcome.cut_off, now);
  for (const Candidate& box : ballot.candidates)
    if (box.in_pool && std::ranges::find(ballot.active, box.node) != ballot.active.end())
      round.incumbents.push_back(&box);

  if (round.any(is_heard)) {
    keep_incumbents(round);
    fill_seats(round);
  } else {
    for (const Candidate* box : round.incumbents) round.take(*box);
  }
  describe(round);
  round.outcome.active.assign(round.seats.begin(), round.seats.end());
  return std::move(round.outcome);
}

void Election::remember_first_heartbeat(const Round& round) {
  if (!round.by_heartbeat) {
    first_heartbeat_.reset();
  } else if (!first_heartbeat_) {
    first_heartbeat_ = round.now;
  }
}

// No Lease yet, and the pool began to use them only now.
bool Election::may_still_report(const Round& round, const Candidate& box) const {
  return first_heartbeat_ && round.now - *first_heartbeat_ < config_.recovery_wait &&
         obstacle(box, round.by_heartbeat) == Standing::kNoHeartbeat;
}

void Election::remember(const Round& round) {
  const Instant now = round.now;
  std::map<std::string, Box> kept;
  for (const Candidate& candidate : round.ballot.candidates) {
    Box box;
    if (const auto known = boxes_.find(candidate.node); known != boxes_.end()) box = known->second;
    const bool eligible = is_eligible(candidate, round.by_heartbeat);
    if (eligible && !box.eligible) box.eligible_since = now;
    if (!eligible && box.eligible && !may_still_report(round, candidate)) box.was_lost = true;
    if (eligible && now - box.eligible_since >= config_.hold_down) box.was_lost = false;
    box.eligible = eligible;
    kept.emplace(candidate.node, box);
  }
  boxes_ = std::move(kept);
}

void Election::remember_cut_off(bool cut_off, Instant now) {
  if (cut_off_ && !cut_off) recovered_at_ = now;
  if (cut_off) recovered_at_.reset();
  cut_off_ = cut_off;
}

bool Election::held_down(const Box& box, Instant now) const {
  return box.was_lost && now - box.eligible_since < config_.hold_down;
}

// Eligible incumbents first; lost ones too while the pool is coming back or reports for the first
// time.
void Election::keep_incumbents(Round& round) const {
  for (const Candidate* box : round.incumbents)
    if (!round.lost(*box)) round.take(*box);
  const bool recovering = recovered_at_ && round.now - *recovered_at_ < config_.recovery_wait;
  for (const Candidate* box : round.incumbents)
    if (recovering && round.lost(*box) && round.take(*box))
      round.retry_at(*recovered_at_ + config_.recovery_wait);
  for (const Candidate* box : round.incumbents)
    if (may_still_report(round, *box) && round.take(*box))
      round.retry_at(*first_heartbeat_ + config_.recovery_wait);
}

void Election::fill_seats(Round& round) {
  const std::size_t kept = round.seats.size();
  for (const Candidate& box : round.ballot.candidates)
    if (is_heard(box, round.by_heartbeat) && !held_down(boxes_.at(box.node), round.now))
      round.take(box);
  seat_held_down(round);
  const bool lost_one = std::ranges::any_of(round.incumbents, [&](const Candidate* box) {
    return !round.sits(*box);
  });
  round.outcome.switched = lost_one && round.seats.size() > kept;
  if (round.outcome.switched) switched_at_ = round.now;
}

// Seats that only held-down boxes could fill.
void Election::seat_held_down(Round& round) {
  const bool calm = !switched_at_ || round.now - *switched_at_ >= 2 * config_.hold_down;
  for (const Candidate* box : round.incumbents) {
    const bool rival = std::ranges::any_of(round.ballot.candidates, [&](const Candidate& other) {
      return !round.sits(other) && is_heard(other, round.by_heartbeat);
    });
    if (calm || !rival || !round.lost(*box) || round.sits(*box)) continue;
    if (round.take(*box)) round.retry_at(*switched_at_ + 2 * config_.hold_down);
  }
  for (const Candidate& box : round.ballot.candidates)
    if (is_heard(box, round.by_heartbeat)) round.take(box);
}

void Election::describe(Round& round) const {
  for (const Candidate& box : round.ballot.candidates) {
    const Box& memory = boxes_.at(box.node);
    Standing standing = obstacle(box, round.by_heartbeat);
    const bool eligible = standing == Standing::kStandby;
    if (round.sits(box)) standing = eligible ? Standing::kActive : Standing::kKept;
    if (standing == Standing::kStandby && !is_heard(box, round.by_heartbeat))
      standing = Standing::kUnheard;
    if (standing == Standing::kStandby && held_down(memory, round.now)) {
      standing = Standing::kHeldDown;
      round.retry_at(memory.eligible_since + config_.hold_down);
    }
    round.outcome.standing.emplace(box.node, standing);
  }
}

}  // namespace raven::controller
