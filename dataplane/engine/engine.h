// Engine: brings the packet path to the desired state and keeps it there.
// SPDX-License-Identifier: Apache-2.0
//
// Inputs: the desired state (agent), SAs (key daemon, file), neighbours and addresses (kernel),
// answers of probes (packet path).  Output: the tables.  Each input keeps its last good state when
// its source is away.
//
// Threading: the thread of the loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/event/loop.h"
#include "dataplane/engine/engine_view.h"
#include "dataplane/engine/kernel_view.h"
#include "dataplane/engine/prober.h"
#include "dataplane/engine/tunnel_paths.h"
#include "dataplane/sa/socket.h"

namespace raven::dataplane {

class Engine {
 public:
  // Restores what the previous run had, loads static SAs, opens the SA socket, starts probing.
  // All that is given must live longer.
  static Result<std::unique_ptr<Engine>> start(
      event::Loop& loop, const Settings& settings, PathControl& path, NextHops& next_hops,
      FilterSets& filter
  );
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  struct Applied {
    bool changed = false;
    std::vector<ItemError> errors;
  };
  // kConflict: an older generation than the one applied.  kInvalid: more than the tables hold.  On
  // an error nothing has changed.
  Result<Applied> apply(const dpapi::v1::DesiredState& message);

  EngineView view() const;

 private:
  Engine(
      event::Loop& loop, const Settings& settings, PathControl& path, NextHops& next_hops,
      FilterSets& filter
  );
  Status open_sas();
  void restore_desired();
  std::string state_path(const char* name) const;
  void start_timers();

  Status check(const dpapi::v1::DesiredState& message, const Desired& state) const;
  void switch_to(CheckedDesired checked);
  void take_tunnels();
  void refresh_kernel_view();
  void update_filter();
  void forget_unused_destinations();
  void choose(Instant now);
  std::vector<ItemError> errors() const;
  bool forwarding() const;

  void probe_tick();
  void report_tick();
  void watch_workers();

  event::Loop& loop_;
  const Settings settings_;
  PathControl& path_;
  NextHops& next_hops_;
  const Instant started_ = BootClock::now();

  Desired desired_;
  uint64_t generation_ = 0;  // of desired_; 0: nobody has said anything
  bool applied_ = false;     // until then desired_ is empty because nobody has said anything
  std::vector<ItemError> item_errors_;
  PeerTables peers_;
  WorkerWatch watch_;
  Prober prober_;
  TunnelPaths paths_;
  KernelView kernel_;

  std::unique_ptr<SaManager> sas_;
  std::size_t sas_restored_ = 0, sas_not_restored_ = 0;
  std::unique_ptr<SaSocket> sa_socket_;
  std::vector<event::TimerId> timers_;
};

}  // namespace raven::dataplane
