// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/tunnel_paths.h"

#include "common/base/log.h"

namespace raven::dataplane {

void TunnelPaths::set_tunnels(const std::vector<TunnelId>& tunnels) {
  std::vector<uint32_t> ids;
  for (const TunnelId tunnel : tunnels) ids.push_back(tunnel.value());
  path_mtu_.set_tunnels(ids);
}

void TunnelPaths::update(TunnelId tunnel) {
  const PeerTables::PeerRow* row = peers_.peer(tunnel);
  if (row == nullptr || row->newest == nullptr) return;
  const IpAddress peer = row->newest->outer().addresses().destination;
  const Result<AdjacencyIndex> slot = next_hops_.want(peer);
  if (!slot.ok()) {
    log::error("control", "peer {}: {}", peer.text(), slot.error().message);
    return;
  }
  path_.writer().set_peer_adjacency(row->index, *slot);
  const NextHop* hop = next_hops_.next_hop(peer);
  if (hop == nullptr || !hop->port) return;
  path_mtu_.set_path(tunnel.value(), peer, path_.port_mtu(*hop->port));
  const uint32_t mtu = path_mtu_.largest(tunnel.value());
  path_.writer().set_peer_path_mtu(
      row->index, static_cast<uint16_t>(row->newest->outer_size_max(mtu)),
      static_cast<uint16_t>(row->newest->inner_size_max(mtu))
  );
}

void TunnelPaths::update_all() {
  for (const auto& [tunnel, row] : peers_.peers()) update(tunnel);
}

void TunnelPaths::probe(TunnelId tunnel, bool up, Instant now) {
  const PeerTables::PeerRow* row = peers_.peer(tunnel);
  if (row == nullptr || row->newest == nullptr) return;
  if (const uint32_t size = path_.tables().peers[row->index].padded_answer.exchange(0); size != 0)
    path_mtu_.probe_answered(tunnel.value(), size);
  const PathMtu::Step step = path_mtu_.step(tunnel.value(), up, now);
  for (const uint32_t size : step.probes) {
    const ProbeSend sent = path_.send_padded_probe(
        row->index, static_cast<uint16_t>(size), row->newest->inner_size_max(size)
    );
    if (sent == ProbeSend::kRefused) path_mtu_.probe_refused(tunnel.value());
  }
  if (!step.changed) return;
  update(tunnel);
  log::info("path", "{}: path MTU is {}", row->name, path_mtu_.largest(tunnel.value()));
}

// Heard only if we may have sent what it quotes: RFC 4301 section 8.2.1, RFC 5927 section 7.
void TunnelPaths::hear(const TooBig& report, const OutboundSa* sender) {
  const bool ours = sender != nullptr && sender->sent_recently(report.sequence);
  const bool heard =
      ours && path_mtu_.too_big(sender->tunnel_id().value(), report.mtu, report.quoted_size);
  ++(heard ? too_big_heard_ : too_big_refused_);
}

}  // namespace raven::dataplane
