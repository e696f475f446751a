// What the engine works with, without kernel, ports and workers.  The tables are real; what is done
// to them, to the filter and to the next hops is recorded in its order.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dataplane/filter/filter_sets.h"
#include "dataplane/mirror/next_hops.h"
#include "dataplane/worker/path_control.h"

namespace raven::dataplane::test {

using Record = std::vector<std::string>;

class RecordingWriter : public TableWriter {
 public:
  RecordingWriter(Tables& tables, Quiescence& quiescence, Record& record)
      : TableWriter{tables, quiescence}, tables_{tables}, record_{record} {}

  void publish_topology(std::unique_ptr<const Topology> topology) override {
    record_.push_back("routes");
    TableWriter::publish_topology(std::move(topology));
  }
  void publish_sad(std::span<const SadEntry> entries) override {
    record_.push_back("inbound SAs");
    TableWriter::publish_sad(entries);
  }
  Result<PeerIndex> add_peer(uint32_t tunnel_id, PoolIndex pool) override {
    record_.push_back(fmt::format("add peer {}", tunnel_id));
    return TableWriter::add_peer(tunnel_id, pool);
  }
  void remove_peer(PeerIndex peer) override {
    record_.push_back("remove " + name(peer));
    TableWriter::remove_peer(peer);
  }
  Result<PoolIndex> add_pool() override {
    Result<PoolIndex> pool = TableWriter::add_pool();
    record_.push_back(fmt::format("add pool {}", pool.ok() ? pool->value() : kNoIndex));
    return pool;
  }
  void remove_pool(PoolIndex pool) override {
    record_.push_back(fmt::format("remove pool {}", pool.value()));
    TableWriter::remove_pool(pool);
  }
  void set_outbound(PeerIndex peer, std::span<OutboundSa* const> per_worker, WorkerId fallback)
      override {
    record_.push_back("outbound SAs of " + name(peer));
    TableWriter::set_outbound(peer, per_worker, fallback);
  }
  void select_peer(PoolIndex pool, PeerIndex peer) override {
    record_.push_back(fmt::format("pool {} by {}", pool.value(), name(peer)));
    TableWriter::select_peer(pool, peer);
  }

 private:
  std::string name(PeerIndex peer) const {
    return peer == kNoPeer ? "nobody"
                           : fmt::format("peer {}", tables_.peers[peer].tunnel_id.load());
  }
  Tables& tables_;
  Record& record_;
};

// Answers the probes of those tunnels whose peer is said to live, as long as there is room for
// them.
class FakePath : public PathControl {
 public:
  explicit FakePath(Record& record, const TableSettings& sizes)
      : tables_{sizes},
        quiescence_{std::move(Quiescence::create(1)).value()},
        writer_{tables_, *quiescence_, record} {}

  TableWriter& writer() override { return writer_; }
  Tables& tables() override { return tables_; }
  uint16_t port_mtu(PortIndex) const override { return 1500; }
  unsigned worker_count() const override { return 1; }
  const WorkerCounters& counters(WorkerId) const override { return counters_; }
  std::optional<MovedPeer> take_moved_peer() override { return std::nullopt; }
  std::optional<TooBig> take_too_big() override { return std::nullopt; }

  ProbeSend send_probe(PeerIndex peer, uint32_t sequence) override {
    PeerSlot& slot = tables_.peers[peer];
    const TunnelId tunnel{slot.tunnel_id.load()};
    if (keyless.contains(tunnel)) return ProbeSend::kNoKeys;
    if (room == 0) {
      ++refused;
      return ProbeSend::kRefused;
    }
    --room;
    sent.push_back(tunnel);
    if (living.contains(tunnel)) slot.probe_answer.store(ProbeAnswer{sequence, 1000}.packed());
    return ProbeSend::kSent;
  }
  ProbeSend send_padded_probe(PeerIndex, uint16_t, uint32_t) override { return ProbeSend::kSent; }

  std::set<TunnelId> living, keyless;
  std::size_t room = SIZE_MAX;  // in the worker's inbox
  uint64_t refused = 0;
  std::vector<TunnelId> sent;

 private:
  Tables tables_;
  std::unique_ptr<Quiescence> quiescence_;
  RecordingWriter writer_;
  WorkerCounters counters_;
};

// All destinations are reached on port 0.
class FakeNextHops : public NextHops {
 public:
  explicit FakeNextHops(Record& record) : record_{record} {}

  void on_change(std::function<void()> changed) override { changed_ = std::move(changed); }
  Result<AdjacencyIndex> want(const IpAddress& destination) override {
    const AdjacencyIndex index{static_cast<uint16_t>(hops_.size())};
    NextHop hop;
    hop.port = PortIndex{0};
    hop.address = destination;
    return hops_.try_emplace(destination, Destination{index, hop}).first->second.index;
  }
  void keep_only(const std::set<IpAddress>& destinations) override {
    record_.push_back(fmt::format("keep {} next hops", destinations.size()));
    std::erase_if(hops_, [&](const auto& item) { return !destinations.contains(item.first); });
  }
  const NextHop* next_hop(const IpAddress& destination) const override {
    const auto found = hops_.find(destination);
    return found == hops_.end() ? nullptr : &found->second.hop;
  }
  std::vector<IpAddress> own_addresses() const override { return own; }
  void tell_of_change() { changed_(); }
  void change_source(const IpAddress& source) {
    for (auto& [address, destination] : hops_) destination.hop.source = source;
    changed_();
  }

  std::vector<IpAddress> own = {IpAddress::v4(0xc0000201)};

 private:
  struct Destination {
    AdjacencyIndex index;
    NextHop hop;
  };
  Record& record_;
  std::map<IpAddress, Destination> hops_;
  std::function<void()> changed_;
};

// Like the real one it does nothing when nothing changed.
class FakeFilter : public FilterSets {
 public:
  explicit FakeFilter(Record& record) : record_{record} {}

  using Addresses = std::vector<IpAddress>;
  using Prefixes = std::vector<IpPrefix>;

  Status update(const Addresses&) override { return {}; }
  Status update(const Addresses&, const Prefixes& remote, const Prefixes&) override {
    if (remote == closed) return {};
    if (failures > 0) {
      --failures;
      record_.push_back("filter fails");
      return Error{ErrorCode::kInternal, "nft is broken"};
    }
    record_.push_back("filter");
    closed = remote;
    return {};
  }

  std::vector<IpPrefix> closed;
  int failures = 0;

 private:
  Record& record_;
};

}  // namespace raven::dataplane::test
