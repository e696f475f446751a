// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/publication.h"

#include <set>

namespace raven::dataplane {

SadEntry SaPublication::row_of(const SaEntry& entry) const {
  return {
      .spi = entry.id.spi.value(),
      .peer = tables_.peer_of(entry.tunnel),
      .worker = entry.worker(),
      .sa = entry.in.get()};
}

void SaPublication::added(SaEntry& entry) {
  if (!entry.inbound()) return publish_outbound(entry.tunnel);
  entry.sad_row = rows_.size();
  rows_.push_back(row_of(entry));
  row_entries_.push_back(&entry);
  tables_.publish_inbound(rows_);
}

void SaPublication::remove_row(const SaEntry& entry) {
  const std::size_t row = entry.sad_row;
  rows_[row] = rows_.back();
  row_entries_[row] = row_entries_.back();
  row_entries_[row]->sad_row = row;
  rows_.pop_back();
  row_entries_.pop_back();
}

void SaPublication::removed(std::span<const std::unique_ptr<SaEntry>> removed) {
  bool inbound = false;
  std::set<TunnelId> outbound;
  for (const auto& entry : removed) {
    inbound = inbound || entry->inbound();
    if (entry->inbound()) {
      remove_row(*entry);
    } else {
      outbound.insert(entry->tunnel);
    }
  }
  if (inbound) tables_.publish_inbound(rows_);
  for (const TunnelId tunnel : outbound) publish_outbound(tunnel);
}

void SaPublication::publish_outbound(TunnelId tunnel) {
  const PeerIndex peer = tables_.peer_of(tunnel);
  if (peer == kNoPeer) return;
  std::vector<OutboundSa*> per_worker(workers_, nullptr);
  const OutboundSa* newest = nullptr;
  for (const SaEntry* entry : entries_.flow(tunnel, Direction::kOutbound)) {
    if (!entry->usable()) continue;
    newest = per_worker[entry->worker().value()] = entry->out.get();
  }
  tables_.set_outbound(peer, per_worker, newest == nullptr ? kNoWorker : newest->owner(), newest);
}

void SaPublication::publish_all() {
  for (std::size_t row = 0; row < rows_.size(); ++row)
    rows_[row].peer = tables_.peer_of(row_entries_[row]->tunnel);
  tables_.publish_inbound(rows_);
  for (const auto& [flow, sas] : entries_.flows())
    if (flow.second == Direction::kOutbound) publish_outbound(flow.first);
}

}  // namespace raven::dataplane
