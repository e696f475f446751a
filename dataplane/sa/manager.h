// SaManager: all SAs of this dataplane, from whoever brings them (key daemon, file).
// SPDX-License-Identifier: Apache-2.0
//
// - All SAs of a tunnel are one pool.  Each belongs to one worker for its life: that with the
//   fewest.  A worker sends with its newest usable outbound SA of the tunnel; older ones stand by
//   until they are deleted.  Inbound SAs receive until they are deleted.
// - SAs are found by SPI and tunnel (entries.h), end (lifecycle.h), are written into the tables of
//   the packet path (publication.h) and outlive a crash (kept_sas.h): this puts the four together.
// Keys are wiped as soon as they are expanded; expanded ones when the SA is freed.
//
// Threading: the control thread.  Time is passed in.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "dataplane/sa/entries.h"
#include "dataplane/sa/info.h"
#include "dataplane/sa/kept_sas.h"
#include "dataplane/sa/lifecycle.h"
#include "dataplane/sa/publication.h"
#include "dataplane/sa/tables.h"
#include "dataplane/sa/traffic.h"

namespace raven::dataplane {

struct SaManagerSettings {
  unsigned workers = 1;
  uint32_t sas_max = 4096;
  std::chrono::seconds grace{120};
  OuterRules outer_rules{};  // for the SAs of key daemons
};

class SaManager {
 public:
  // Without a journal a crash loses all SAs.
  static Result<std::unique_ptr<SaManager>> create(
      const SaManagerSettings& settings, SaTables& tables, std::function<void(const SaEvent&)> tell,
      std::shared_ptr<SaJournal> journal = nullptr
  );
  ~SaManager();  // REQUIRES: no worker runs any more
  SaManager(const SaManager&) = delete;
  SaManager& operator=(const SaManager&) = delete;

  // Random per start, so that a key daemon sees a restart.
  uint64_t epoch() const { return epoch_; }

  // Takes over what key daemons had installed before a crash.  Returns how many SAs that are.
  std::size_t restore(Instant now);

  // REQUIRES: `config` is valid, as whatever reads one says (see sa_config.h).
  // kExists, kExhausted, or why the journal cannot vouch for its numbers.  On return it is in use.
  Status add(SaConfig config, Instant now);
  // REQUIRES: `outer` is valid.  kNotFound: no such SA.
  Status update(const SaId& id, const OuterAddresses& outer);
  Status remove(const SaId& id);
  Result<SaInfo> query(const SaId& id, Instant now) const;
  void flush(uint64_t instance);

  // A key daemon says hello: SAs of other instances have the grace time left.
  void daemon_started(uint64_t instance, Instant now);
  // Its event channel is new: tells again what is still true.
  void repeat_events();

  // The packet path met a tunnel without an outbound SA; told once in kAcquireInterval.
  void sa_wanted(TunnelId tunnel, Instant now);
  // An authenticated, newest packet of the inbound SA came from elsewhere.
  void source_moved(Spi inbound, const IpAddress& address, uint16_t port);
  // Peers came or went: connects the SAs of their tunnels.
  void peers_changed();
  // Several times a second: lifetimes, grace times.
  void tick(Instant now);

  std::vector<SaInfo> list(Instant now) const;
  std::size_t size() const { return entries_.size(); }
  std::size_t count_usable(TunnelId tunnel, Direction direction) const;
  // Of tunnels with SAs, and of those that had some since their peer came.
  TrafficByTunnel traffic() const;
  // The outbound SA that sent a packet with this SPI to `peer`, nullptr: none did.
  const OutboundSa* find_outbound(Spi spi, const IpAddress& peer) const;
  // What a packet into the tunnel would use, nullptr: none.
  const OutboundSa* newest_outbound(TunnelId tunnel) const;

 private:
  SaManager(
      const SaManagerSettings& settings, SaTables& tables, std::function<void(const SaEvent&)> tell,
      std::shared_ptr<SaJournal> journal
  );
  Status check_room(const SaConfig& config) const;
  Status install(SaConfig config, WorkerId worker, const uint64_t* window, Instant now);
  WorkerId choose_worker(TunnelId tunnel, Direction direction) const;
  void remove_all(std::span<const SaEntry* const> entries);
  void retire(std::unique_ptr<SaEntry> entry);

  const SaManagerSettings settings_;
  SaTables& tables_;
  const std::function<void(const SaEvent&)> tell_;
  const uint64_t epoch_;
  std::unique_ptr<CipherLibrary> library_;
  SaEntries entries_;
  const KeptSas kept_;
  const SaLifecycle lifecycle_;
  SaPublication publication_;
  // What removed SAs carried.  Shared with what frees them, which may outlive this object.
  const std::shared_ptr<TrafficByTunnel> retired_ = std::make_shared<TrafficByTunnel>();
  std::map<TunnelId, Instant> acquired_;
};

}  // namespace raven::dataplane
