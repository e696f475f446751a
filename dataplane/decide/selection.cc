// SPDX-License-Identifier: Apache-2.0
#include "dataplane/decide/selection.h"

#include <algorithm>
#include <utility>

namespace raven::dataplane {
namespace {

constexpr std::chrono::seconds kAnswerAgeMax{2};

}  // namespace

void Selection::set_tunnels(const std::vector<uint32_t>& tunnels) {
  std::map<uint32_t, Tunnel> kept;
  for (const uint32_t tunnel : tunnels) {
    const auto known = tunnels_.find(tunnel);
    kept.emplace(tunnel, known == tunnels_.end() ? Tunnel{} : known->second);
  }
  tunnels_ = std::move(kept);
}

void Selection::set_pools(const std::map<std::string, std::vector<uint32_t>>& pools) {
  pools_ = pools;
  std::erase_if(choices_, [this](const auto& item) { return !pools_.contains(item.first); });
  for (const auto& [name, gateways] : pools_) choices_.try_emplace(name);
}

uint32_t Selection::probe_due(uint32_t id) {
  const auto found = tunnels_.find(id);
  if (found == tunnels_.end()) return 0;
  Tunnel& tunnel = found->second;
  if (tunnel.health.up && tunnel.lost >= settings_.loss_max) {
    tunnel.health.up = false;
    ++tunnel.health.down_count;
  }
  return tunnel.last_sent + 1;
}

void Selection::probe_sent(uint32_t id) {
  const auto found = tunnels_.find(id);
  if (found == tunnels_.end()) return;
  ++found->second.lost;
  ++found->second.health.probes_sent;
  ++found->second.last_sent;
}

void Selection::probe_lost(uint32_t id) {
  if (const auto found = tunnels_.find(id); found != tunnels_.end()) ++found->second.lost;
}

void Selection::probe_answered(
    uint32_t id, uint32_t sequence, std::chrono::nanoseconds round_trip, Instant now
) {
  const auto found = tunnels_.find(id);
  if (found == tunnels_.end()) return;
  Tunnel& tunnel = found->second;
  if (sequence <= tunnel.last_answered || sequence > tunnel.last_sent) return;
  if (round_trip > kAnswerAgeMax) return;
  tunnel.last_answered = sequence;
  tunnel.lost = 0;
  tunnel.health.round_trip = round_trip;
  if (!std::exchange(tunnel.health.up, true)) tunnel.health.up_since = now;
}

void Selection::set_keyed(uint32_t id, bool keyed) {
  if (const auto found = tunnels_.find(id); found != tunnels_.end()) found->second.keyed = keyed;
}

bool Selection::is_up(uint32_t id) const {
  const auto found = tunnels_.find(id);
  return found != tunnels_.end() && found->second.health.up;
}

bool Selection::is_keyed(uint32_t id) const {
  const auto found = tunnels_.find(id);
  return found != tunnels_.end() && found->second.keyed;
}

bool Selection::is_unverified(uint32_t id) const {
  const auto found = tunnels_.find(id);
  return found != tunnels_.end() && found->second.keyed && found->second.last_answered == 0;
}

std::optional<uint32_t> Selection::best(
    const std::vector<uint32_t>& gateways, std::optional<uint32_t> current, Instant now
) const {
  const bool current_good =
      current && is_up(*current) && std::ranges::find(gateways, *current) != gateways.end();
  for (const uint32_t gateway : gateways) {
    if (!is_up(gateway)) continue;
    if (!current_good || gateway == *current) return gateway;
    if (now - tunnels_.at(gateway).health.up_since >= settings_.switch_back) return gateway;
  }
  const auto unverified =
      std::ranges::find_if(gateways, [this](uint32_t gateway) { return is_unverified(gateway); });
  if (unverified != gateways.end()) return *unverified;
  const bool stays =
      current && is_keyed(*current) && std::ranges::find(gateways, *current) != gateways.end();
  return stays ? current : std::nullopt;
}

std::vector<std::string> Selection::choose(Instant now) {
  std::vector<std::string> changed;
  for (const auto& [name, gateways] : pools_) {
    PoolChoice& choice = choices_[name];
    const std::optional<uint32_t> next = best(gateways, choice.tunnel, now);
    if (next == choice.tunnel) continue;
    choice.tunnel = next;
    ++choice.switch_count;
    changed.push_back(name);
  }
  return changed;
}

const TunnelHealth* Selection::health(uint32_t id) const {
  const auto found = tunnels_.find(id);
  return found == tunnels_.end() ? nullptr : &found->second.health;
}

bool Selection::any_usable() const {
  return std::ranges::any_of(tunnels_, [this](const auto& item) {
    return is_up(item.first) || is_unverified(item.first);
  });
}

}  // namespace raven::dataplane
