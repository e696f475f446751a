// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/heartbeat.h"

#include <algorithm>

namespace raven::controller {
namespace {

void keep_earliest(std::optional<Instant>& earliest, Instant candidate, Instant now) {
  if (candidate > now && (!earliest || candidate < *earliest)) earliest = candidate;
}

}  // namespace

const char* pulse_name(Pulse pulse) {
  switch (pulse) {
    case Pulse::kNone:
      return "none";
    case Pulse::kUnproven:
      return "unproven";
    case Pulse::kFresh:
      return "fresh";
    case Pulse::kAging:
      return "aging";
    case Pulse::kStale:
      return "stale";
  }
  return "?";
}

void Heartbeats::see(
    const std::string& node, const std::string& holder, const std::string& renewal,
    Duration duration, Instant now
) {
  const auto [entry, added] = boxes_.try_emplace(node);
  Box& box = entry->second;
  box.duration = duration;
  box.released = holder.empty();
  if (!added && box.renewal == renewal) return;
  if (!added) {
    restart_after_silence(now);
    last_renewal_ = now;
  }
  box.renewal = renewal;
  box.changed = now;
  box.proven = !added;
  box.restarted = false;
}

// Boxes that were alive when the silence began get a full duration again, once: a box that stays
// silent while the others speak is dead.
void Heartbeats::restart_after_silence(Instant now) {
  if (!last_renewal_) return;
  for (auto& [name, box] : boxes_) {
    const bool silent = now - *last_renewal_ > box.duration / 2;
    const bool alive_then = box.changed + box.duration > *last_renewal_;
    if (!silent || !alive_then || box.restarted) continue;
    box.changed = now;
    box.proven = false;
    box.restarted = true;
  }
}

void Heartbeats::forget(const std::string& node) {
  boxes_.erase(node);
}

Pulse Heartbeats::pulse(const std::string& node, Instant now) const {
  const auto entry = boxes_.find(node);
  if (entry == boxes_.end()) return Pulse::kNone;
  const Box& box = entry->second;
  const Duration age = now - box.changed;
  if (box.released || age >= box.duration) return Pulse::kStale;
  if (!box.proven) return Pulse::kUnproven;
  return age <= box.duration / 2 ? Pulse::kFresh : Pulse::kAging;
}

std::optional<Heartbeats::Duration> Heartbeats::age(const std::string& node, Instant now) const {
  const auto entry = boxes_.find(node);
  if (entry == boxes_.end()) return std::nullopt;
  return now - entry->second.changed;
}

std::optional<Instant> Heartbeats::next_change(Instant now) const {
  std::optional<Instant> earliest;
  for (const auto& [name, box] : boxes_) {
    if (box.released) continue;
    // One tick past the half, where fresh turns into aging.
    keep_earliest(earliest, box.changed + box.duration / 2 + Duration{1}, now);
    keep_earliest(earliest, box.changed + box.duration, now);
  }
  return earliest;
}

}  // namespace raven::controller
