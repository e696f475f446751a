// SaManager: all SAs of this dataplane, from whoever brings them (key daemon, file).
// SPDX-License-Identifier: Apache-2.0
//
// - All SAs of a tunnel are one pool.  Each belongs to one worker for its life: that with the
//   fewest.  A worker sends with its newest usable outbound SA of the tunnel; older ones stand by
//   until they are deleted.  Inbound SAs receive until they are deleted.
// - Lifetimes by time end here, those by packets and bytes in the packet path; both are told as
//   events.
// - When the key daemon starts anew its old SAs stay for a grace time.
// Keys are wiped as soon as they are expanded; expanded ones when the SA goes.
// - With a journal SAs outlive a crash: those of a key daemon are restored, those of a file go on
//   where they were when the file names their key again.
//
// Threading: the control thread.  Time is passed in.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "dataplane/sa/journal.h"
#include "dataplane/sa/message.h"
#include "dataplane/sa/tables.h"
#include "dataplane/sa/traffic.h"

namespace raven::dataplane {

struct SaExpired {
  SaId id;
  bool hard = false;
};
struct SaMapped {
  SaId id;  // of the inbound SA
  IpAddress address;
  uint16_t port = 0;
};
struct SaAcquire {
  TunnelId tunnel;
};
// Of one tunnel: a dead peer is not hammered.
inline constexpr std::chrono::seconds kAcquireInterval{5};
using SaEvent = std::variant<SaExpired, SaMapped, SaAcquire>;

enum class SaState { kActive, kStandby, kSoftExpired, kExpired };
const char* sa_state_name(SaState state);

// What may be known of an SA: everything but its keys.
struct SaInfo {
  SaId id;
  TunnelId tunnel;
  std::string_view algorithm;
  bool esn = false;
  uint32_t replay_window = 0;  // packets, inbound
  WorkerId worker;
  uint64_t packets = 0, bytes = 0;
  uint64_t sequence = 0;
  uint64_t errors = 0;
  std::chrono::seconds age{0};
  std::optional<std::chrono::seconds> idle;  // nothing: never used
  SaState state = SaState::kActive;
};

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

  // kExists, kExhausted, or what is wrong with the configuration.  On return it is in use.
  Status add(SaConfig config, Instant now);
  // kNotFound: no such SA.
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
  // Of tunnels with SAs, and of those that had some since their peer came.
  TrafficByTunnel traffic() const;
  // The outbound SA that sent a packet with this SPI to `peer`, nullptr: none did.
  const OutboundSa* find_outbound(Spi spi, const IpAddress& peer) const;
  // What a packet into the tunnel would use, nullptr: none.
  const OutboundSa* newest_outbound(TunnelId tunnel) const;

 private:
  struct Entry;
  using Entries = std::vector<std::unique_ptr<Entry>>;

  SaManager(
      const SaManagerSettings& settings, SaTables& tables, std::function<void(const SaEvent&)> tell,
      std::shared_ptr<SaJournal> journal
  );
  Status check_new(const SaConfig& config) const;
  KeptSa* kept_of_file(const SaConfig& config) const;
  Result<SaMemory> take_place(
      Entry& entry, const SaConfig& config, WorkerId worker, const uint64_t* window
  );
  Status install(SaConfig config, WorkerId worker, const uint64_t* window, Instant now);
  Entry* find(const SaId& id) const;
  WorkerId choose_worker(TunnelId tunnel, Direction direction) const;
  bool is_newest_of_worker(const Entry& entry) const;
  SaInfo info_of(const Entry& entry, Instant now) const;
  void remove_if(const std::function<bool(const Entry&)>& goes);
  void retire(std::unique_ptr<Entry> entry);
  void check_lifetime(Entry& entry, Instant now);
  void publish_inbound();
  void publish_outbound(TunnelId tunnel);

  const SaManagerSettings settings_;
  SaTables& tables_;
  const std::function<void(const SaEvent&)> tell_;
  const std::shared_ptr<SaJournal> journal_;
  const uint64_t epoch_;
  std::unique_ptr<CipherLibrary> library_;
  Entries entries_;  // in the order they were added
  // What removed SAs carried.  Shared with what frees them, which may outlive this object.
  const std::shared_ptr<TrafficByTunnel> retired_ = std::make_shared<TrafficByTunnel>();
  uint64_t next_serial_ = 1;
  std::map<TunnelId, Instant> acquired_;
};

}  // namespace raven::dataplane
