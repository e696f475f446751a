// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/info.h"

namespace raven::dataplane {
namespace {

std::chrono::seconds seconds_between(Instant from, Instant to) {
  return std::chrono::duration_cast<std::chrono::seconds>(to - from);
}

SaState state_of(const SaEntry& entry, const SaEntries& entries) {
  if (!entry.usable()) return SaState::kExpired;
  if (!entry.inbound()) {
    const SaEntry* newest = entries.newest_outbound(entry.tunnel, entry.worker());
    if (newest != nullptr && newest->serial > entry.serial) return SaState::kStandby;
  }
  return entry.wants_new_keys() ? SaState::kSoftExpired : SaState::kActive;
}

}  // namespace

const char* sa_state_name(SaState state) {
  switch (state) {
    case SaState::kActive:
      return "active";
    case SaState::kStandby:
      return "standby";
    case SaState::kSoftExpired:
      return "soft-expired";
    case SaState::kExpired:
      return "expired";
  }
  return "";
}

SaInfo describe(const SaEntry& entry, const SaEntries& entries, Instant now) {
  const Lifetime& lifetime = entry.lifetime();
  SaInfo info;
  info.id = entry.id;
  info.tunnel = entry.tunnel;
  info.algorithm = (entry.in ? entry.in->suite() : entry.out->suite()).name;
  info.esn = entry.esn();
  info.replay_window = entry.in ? entry.in->replay_window() : 0;
  info.worker = entry.worker();
  info.packets = lifetime.packets();
  info.bytes = lifetime.bytes();
  info.sequence = entry.sequence();
  info.errors = entry.in ? entry.in->errors() : 0;
  info.age = seconds_between(lifetime.created(), now);
  if (lifetime.last_used()) info.idle = seconds_between(*lifetime.last_used(), now);
  info.state = state_of(entry, entries);
  return info;
}

}  // namespace raven::dataplane
