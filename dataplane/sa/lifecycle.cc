// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/lifecycle.h"

#include <utility>

namespace raven::dataplane {

SaLifecycle::Changes SaLifecycle::look(Instant now) const {
  Changes changes;
  for (const auto& [serial, entry] : entries_.by_serial()) {
    entry->lifetime().check_time(now);
    if (!entry->usable()) {
      if (!std::exchange(entry->hard_told, true)) changes.hard.push_back(entry.get());
    } else if (entry->wants_new_keys() && !std::exchange(entry->soft_told, true)) {
      changes.soft.push_back(entry.get());
    }
    if (entry->drop_at && *entry->drop_at <= now) changes.gone.push_back(entry.get());
  }
  return changes;
}

void SaLifecycle::daemon_started(uint64_t instance, Instant now) const {
  for (const auto& [serial, entry] : entries_.by_serial()) {
    if (entry->instance == instance) entry->drop_at.reset();
    if (entry->instance == instance || entry->instance == 0 || entry->drop_at) continue;
    entry->drop_at = now + grace_;
  }
}

std::vector<SaExpired> SaLifecycle::standing_events() const {
  std::vector<SaExpired> events;
  for (const auto& [serial, entry] : entries_.by_serial()) {
    const bool hard = !entry->usable();
    if (hard || entry->wants_new_keys()) events.push_back({entry->id, hard});
  }
  return events;
}

}  // namespace raven::dataplane
