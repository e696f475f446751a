// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/prober.h"

#include <utility>

#include "common/base/log.h"

namespace raven::dataplane {

void Prober::set_tunnels(const std::vector<TunnelId>& tunnels) {
  std::vector<uint32_t> ids;
  for (const TunnelId tunnel : tunnels) ids.push_back(tunnel.value());
  selection_.set_tunnels(ids);
  turns_.set_tunnels(tunnels);
  std::erase_if(answers_seen_, [this](const auto& item) { return !peers_.peer(item.first); });
}

void Prober::set_pools(const std::vector<RemotePool>& pools) {
  std::map<std::string, std::vector<uint32_t>> gateways;
  for (const RemotePool& pool : pools) gateways[pool.name] = pool.gateways;
  selection_.set_pools(gateways);
}

Prober::Turns Prober::take_turns(Instant now) {
  Turns turns;
  turns_.take(now, [&](TunnelId tunnel) {
    const PeerTables::PeerRow* row = peers_.peer(tunnel);
    if (row == nullptr) return true;  // removed since
    const bool was_up = is_up(tunnel);
    take_answer(tunnel, row->index, now);
    const bool over = probe(tunnel, row->index);
    if (over) turns.tunnels.push_back(tunnel);
    turns.health_changed = turns.health_changed || is_up(tunnel) != was_up;
    return over;
  });
  return turns;
}

void Prober::take_answer(TunnelId tunnel, PeerIndex peer, Instant now) {
  const ProbeAnswer answer = ProbeAnswer::unpack(path_.tables().peers[peer].probe_answer.load());
  if (std::exchange(answers_seen_[tunnel], answer.sequence) == answer.sequence) return;
  selection_.probe_answered(
      tunnel.value(), answer.sequence, std::chrono::microseconds{answer.rtt_us}, now
  );
}

// False: it found no room, but may do so later.
bool Prober::probe(TunnelId tunnel, PeerIndex peer) {
  const uint32_t sequence = selection_.probe_due(tunnel.value());
  const ProbeSend sent = path_.send_probe(peer, sequence);
  if (sent == ProbeSend::kSent) {
    selection_.probe_sent(tunnel.value());
    return true;
  }
  if (sent == ProbeSend::kRefused && !owner_stands_still(peer)) return false;
  selection_.probe_lost(tunnel.value());
  return true;
}

bool Prober::owner_stands_still(PeerIndex peer) const {
  const WorkerId owner = path_.tables().peers[peer].fallback_worker.load();
  return owner.value() < path_.worker_count() && !workers_.rates(owner.value()).alive;
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
