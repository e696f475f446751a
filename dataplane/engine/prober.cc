// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/prober.h"

#include <utility>

#include "common/base/log.h"

namespace raven::dataplane {

void Prober::set_tunnels(const std::vector<uint32_t>& tunnels) {
  selection_.set_tunnels(tunnels);
  std::erase_if(answers_seen_, [this](const auto& item) { return !peers_.peer(item.first); });
}

void Prober::set_pools(const std::vector<RemotePool>& pools) {
  std::map<std::string, std::vector<uint32_t>> gateways;
  for (const RemotePool& pool : pools) gateways[pool.name] = pool.gateways;
  selection_.set_pools(gateways);
}

void Prober::take_answers(Instant now) {
  for (const auto& [tunnel, row] : peers_.peers()) {
    const PeerSlot& slot = path_.tables().peers[row.index];
    const ProbeAnswer answer = ProbeAnswer::unpack(slot.probe_answer.load());
    if (std::exchange(answers_seen_[tunnel], answer.sequence) == answer.sequence) continue;
    selection_.probe_answered(
        tunnel.value(), answer.sequence, std::chrono::microseconds{answer.rtt_us}, now
    );
  }
}

void Prober::send() {
  for (const auto& [tunnel, row] : peers_.peers()) {
    const uint32_t sequence = selection_.probe_sent(tunnel.value());
    const Status sent = path_.send_probe(row.index, sequence);
    if (!sent.ok()) log::debug("path", "{}: {}", row.name, sent.error().message);
  }
}

std::vector<std::string> Prober::choose(Instant now) {
  for (const auto& [tunnel, row] : peers_.peers())
    selection_.set_keyed(tunnel.value(), row.newest != nullptr);
  std::vector<std::string> switched = selection_.choose(now);
  for (const std::string& pool : switched) {
    const std::optional<uint32_t> tunnel = selection_.choices().at(pool).tunnel;
    if (const auto slot = peers_.pools().find(pool); slot != peers_.pools().end())
      path_.writer().select_peer(
          slot->second, tunnel ? peers_.peer_of(TunnelId{*tunnel}) : kNoPeer
      );
    log::info("path", "pool {} by {}", pool, tunnel ? peers_.name_of(TunnelId{*tunnel}) : "nobody");
  }
  return switched;
}

bool Prober::is_up(TunnelId tunnel) const {
  const TunnelHealth* health = selection_.health(tunnel.value());
  return health != nullptr && health->up;
}

}  // namespace raven::dataplane
