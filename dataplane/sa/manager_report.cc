// What the SA manager says of its SAs.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "dataplane/sa/manager_entry.h"

namespace raven::dataplane {
namespace {

std::chrono::seconds seconds_between(Instant from, Instant to) {
  return std::chrono::duration_cast<std::chrono::seconds>(to - from);
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

const OutboundSa* SaManager::newest_outbound(TunnelId tunnel) const {
  const OutboundSa* newest = nullptr;
  for (const auto& entry : entries_)
    if (!entry->inbound() && entry->tunnel == tunnel && entry->usable()) newest = entry->out.get();
  return newest;
}

const OutboundSa* SaManager::find_outbound(Spi spi, const IpAddress& peer) const {
  for (const auto& entry : entries_)
    if (!entry->inbound() && entry->id.spi == spi && entry->id.outer.destination == peer)
      return entry->out.get();
  return nullptr;
}

bool SaManager::is_newest_of_worker(const Entry& entry) const {
  return std::ranges::none_of(entries_, [&entry](const auto& other) {
    return !other->inbound() && other->tunnel == entry.tunnel &&
           other->worker() == entry.worker() && other->serial > entry.serial && other->usable();
  });
}

SaInfo SaManager::info_of(const Entry& entry, Instant now) const {
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
  if (!entry.usable()) {
    info.state = SaState::kExpired;
  } else if (!entry.inbound() && !is_newest_of_worker(entry)) {
    info.state = SaState::kStandby;
  } else if (entry.wants_new_keys()) {
    info.state = SaState::kSoftExpired;
  }
  return info;
}

Result<SaInfo> SaManager::query(const SaId& id, Instant now) const {
  const Entry* entry = find(id);
  if (entry == nullptr) return Error{ErrorCode::kNotFound, "no such SA"};
  return info_of(*entry, now);
}

TrafficByTunnel SaManager::traffic() const {
  TrafficByTunnel sums = *retired_;
  for (const auto& entry : entries_) sums[entry->flow()] += entry->traffic();
  return sums;
}

std::vector<SaInfo> SaManager::list(Instant now) const {
  std::vector<SaInfo> all;
  for (const auto& entry : entries_) all.push_back(info_of(*entry, now));
  return all;
}

}  // namespace raven::dataplane
