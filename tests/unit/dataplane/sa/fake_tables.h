// FakeTables: what the SA manager told the packet path, kept for a test to look at.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "dataplane/sa/manager.h"

namespace raven::dataplane {

class FakeTables : public SaTables {
 public:
  struct Outbound {
    std::vector<uint32_t> spis;    // per worker, 0: hands over
    std::vector<OutboundSa*> sas;  // the same
    WorkerId fallback = kNoWorker;
    uint32_t newest = 0;
  };

  PeerIndex peer_of(TunnelId tunnel) const override {
    const auto found = peers.find(tunnel.value());
    return found == peers.end() ? kNoPeer : found->second;
  }
  void publish_inbound(std::span<const SadEntry> entries) override {
    inbound.assign(entries.begin(), entries.end());
    ++publications;
  }
  void set_outbound(
      PeerIndex peer, std::span<OutboundSa* const> per_worker, WorkerId fallback,
      const OutboundSa* newest
  ) override {
    Outbound& row = outbound[peer];
    row.sas.assign(per_worker.begin(), per_worker.end());
    row.spis.clear();
    for (const OutboundSa* sa : per_worker) row.spis.push_back(sa ? sa->spi().value() : 0);
    row.fallback = fallback;
    row.newest = newest ? newest->spi().value() : 0;
  }
  void free_later(std::function<void()> disposal) override {
    disposals.push_back(std::move(disposal));
  }

  std::map<uint32_t, PeerIndex> peers = {{7, PeerIndex{0}}, {8, PeerIndex{1}}};
  std::vector<SadEntry> inbound;
  std::map<PeerIndex, Outbound> outbound;
  std::vector<std::function<void()>> disposals;
  int publications = 0;
};

// An SA of tunnel 7 between two fixed boxes.
inline SaConfig make_sa(Direction direction, uint32_t spi, uint32_t tunnel = 7) {
  SaConfig config;
  config.spi = Spi{spi};
  config.direction = direction;
  config.tunnel_id = TunnelId{tunnel};
  config.outer = {IpAddress::v4(0xc0000201), IpAddress::v4(0xc6336402), 4500, 4500};
  if (direction == Direction::kInbound) std::swap(config.outer.source, config.outer.destination);
  config.key = Secret{20};
  config.key.expose_writable()[0] = static_cast<uint8_t>(spi);
  config.key.expose_writable()[19] = 1;
  return config;
}

}  // namespace raven::dataplane
