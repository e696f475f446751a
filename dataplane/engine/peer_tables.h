// PeerTables: the slots of peers and pools in the packet path, and where their tunnels lead.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/decide/desired.h"
#include "dataplane/sa/tables.h"
#include "dataplane/table/table_writer.h"

namespace raven::dataplane {

class PeerTables : public SaTables {
 public:
  struct PeerRow {
    PeerIndex index;
    std::string name;
    std::string pool;
    const OutboundSa* newest = nullptr;  // owned by the SA manager, which tells of each change
  };

  // `tunnel_moved` is called when the outer addresses of a tunnel may be others than before.
  PeerTables(TableWriter& writer, std::function<void(TunnelId)> tunnel_moved)
      : writer_{writer}, tunnel_moved_{std::move(tunnel_moved)} {}

  // New pools and peers get slots; those that find none are named.  Peers change their pool.
  std::vector<ItemError> add_new(const Desired& state);
  // What `state` does not name is not found any more, but its slots are in use until free().
  // REQUIRES: the published topology does not mention it.
  struct Old {
    std::vector<PeerIndex> peers;
    std::vector<PoolIndex> pools;
  };
  Old take_old(const Desired& state);
  // REQUIRES: no SA points at them.
  void free(const Old& old);

  const std::map<std::string, PoolIndex>& pools() const { return pools_; }
  const PeerRow* peer(TunnelId tunnel) const;
  const std::map<TunnelId, PeerRow>& peers() const { return peers_; }

  // "tunnel 00002a" and "" where the tunnel has no peer.
  std::string name_of(TunnelId tunnel) const;
  std::string pool_of(TunnelId tunnel) const;

  PeerIndex peer_of(TunnelId tunnel) const override;
  void publish_inbound(std::span<const SadEntry> entries) override;
  void set_outbound(
      PeerIndex peer, std::span<OutboundSa* const> per_worker, WorkerId fallback,
      const OutboundSa* newest
  ) override;
  void free_later(std::function<void()> disposal) override;

 private:
  TableWriter& writer_;
  std::function<void(TunnelId)> tunnel_moved_;
  std::map<std::string, PoolIndex> pools_;
  std::map<TunnelId, PeerRow> peers_;
  std::map<PeerIndex, TunnelId> tunnels_;
};

}  // namespace raven::dataplane
