// Engine: brings the packet path to the desired state and keeps it there.
// SPDX-License-Identifier: Apache-2.0
//
// Inputs: the desired state (agent), SAs (key daemon, file), neighbours and addresses (kernel),
// answers of probes (packet path).  Output: the tables.  Each input keeps its last good state when
// its source is away.
//
// Threading: the thread of the loop.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/event/loop.h"
#include "dataplane/decide/desired.h"
#include "dataplane/decide/path_mtu.h"
#include "dataplane/decide/selection.h"
#include "dataplane/decide/topology.h"
#include "dataplane/engine/adjacency_slots.h"
#include "dataplane/engine/peer_tables.h"
#include "dataplane/engine/worker_watch.h"
#include "dataplane/filter/port_filter.h"
#include "dataplane/mirror/mirror.h"
#include "dataplane/sa/manager.h"
#include "dataplane/sa/socket.h"
#include "dataplane/settings.h"
#include "dataplane/worker/packet_path.h"

namespace raven::dataplane {

class Engine {
 public:
  // Restores what the run before had, loads static SAs, opens the SA socket, starts probing.
  static Result<std::unique_ptr<Engine>> start(
      event::Loop& loop, const Settings& settings, PacketPath& path, PortFilter& filter
  );
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  struct Applied {
    bool changed = false;
    std::vector<ItemError> errors;
  };
  // kConflict: an older generation than the one applied.
  Result<Applied> apply(const dpapi::v1::DesiredState& message);

  // For reports.
  const Settings& settings() const { return settings_; }
  const PacketPath& path() const { return path_; }
  Tables& tables() { return path_.tables(); }
  const Desired& desired() const { return desired_; }
  const std::vector<ItemError>& errors() const { return errors_; }
  const SaManager& sas() const { return *sas_; }
  // What became of the SAs of the run before.
  std::size_t sas_restored() const { return sas_restored_; }
  std::size_t sas_not_restored() const { return sas_not_restored_; }
  const Selection& selection() const { return selection_; }
  const PeerTables& peers() const { return peers_; }
  const Mirror& mirror() const { return *mirror_; }
  const WorkerWatch& watch() const { return watch_; }
  Instant started() const { return started_; }
  bool static_sas() const { return !settings_.static_sa_file.empty(); }
  std::string peer_name(TunnelId tunnel) const;
  std::string pool_name(TunnelId tunnel) const;
  uint64_t sa_messages_refused() const { return sa_socket_ ? sa_socket_->refused_messages() : 0; }
  // Messages of routers about packets that were too big.
  uint64_t too_big_heard() const { return too_big_heard_; }
  uint64_t too_big_refused() const { return too_big_refused_; }
  // Forwards: all workers move, and a tunnel is usable or none is wanted.
  bool forwarding() const;

 private:
  Engine(event::Loop& loop, const Settings& settings, PacketPath& path, PortFilter& filter);
  Status open_sas();
  void restore_desired();
  std::string state_path(const char* name) const;
  void start_timers();

  void take_selection_inputs();
  void refresh_kernel_view();
  void publish_topology();
  std::vector<NodeHop> look_up_nodes();
  std::string update_filter(const Desired& state);  // returns what is wrong
  void tunnel_moved(TunnelId tunnel);
  void forget_unused_destinations();

  void probe_tick();
  void take_answers(Instant now);
  void choose(Instant now);
  void send_probes(Instant now);
  void probe_path_mtu(Instant now);
  void take_reports(Instant now);
  void take_too_big(const TooBig& report);
  void watch_workers();

  event::Loop& loop_;
  const Settings settings_;
  PacketPath& path_;
  PortFilter& filter_;
  const Instant started_ = BootClock::now();

  Desired desired_;
  bool applied_ = false;  // until then desired_ is empty because nobody has said anything
  std::vector<ItemError> errors_;
  Selection selection_;
  PathMtu path_mtu_;
  uint64_t too_big_heard_ = 0, too_big_refused_ = 0;
  PeerTables peers_;
  TableAdjacencySlots slots_;
  WorkerWatch watch_;
  std::map<TunnelId, uint32_t> answers_seen_;
  std::vector<NodeHop> node_hops_;
  bool topology_stale_ = true;  // prefixes changed since the last publication
  std::vector<IpAddress> own_addresses_;

  std::unique_ptr<SaManager> sas_;
  std::size_t sas_restored_ = 0, sas_not_restored_ = 0;
  std::unique_ptr<SaSocket> sa_socket_;
  std::unique_ptr<Mirror> mirror_;
  std::vector<event::TimerId> timers_;
};

}  // namespace raven::dataplane
