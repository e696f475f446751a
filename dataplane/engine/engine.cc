// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/engine.h"

#include <fmt/format.h>

#include <set>

#include "common/base/log.h"
#include "dataplane/engine/desired_file.h"
#include "dataplane/engine/sa_sources.h"

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;

constexpr int kProbeTicks = 10;  // per probe interval
constexpr milliseconds kSaTick{250};
constexpr milliseconds kWatchTick{1000};

ProberSettings prober_settings(const Settings& settings) {
  return {
      {settings.probe_loss_max, milliseconds{settings.switch_back_ms}},
      milliseconds{settings.probe_interval_ms}};
}

OuterRules outer_rules(const Settings& settings) {
  OuterRules rules;
  if (settings.outer_dscp != kDscpAsNegotiated)
    rules.dscp = DscpRule{false, static_cast<uint8_t>(settings.outer_dscp)};
  switch (settings.outer_df) {
    case OuterDf::kAsNegotiated:
      break;
    case OuterDf::kCopy:
      rules.df = DfRule::kCopy;
      break;
    case OuterDf::kSet:
      rules.df = DfRule::kSet;
      break;
    case OuterDf::kClear:
      rules.df = DfRule::kClear;
      break;
  }
  return rules;
}

}  // namespace

Engine::Engine(
    event::Loop& loop, const Settings& settings, PathControl& path, NextHops& next_hops,
    FilterSets& filter
)
    : loop_{loop},
      settings_{settings},
      path_{path},
      next_hops_{next_hops},
      peers_{path.writer(), [this](TunnelId tunnel) { paths_.update(tunnel); }},
      watch_{path.worker_count()},
      prober_{prober_settings(settings), path, peers_, watch_},
      paths_{path, next_hops, peers_},
      kernel_{path, next_hops, filter} {
  desired_.blocked.prefixes = settings.cluster_cidrs;  // until the agent says what is whose
}

Result<std::unique_ptr<Engine>> Engine::start(
    event::Loop& loop, const Settings& settings, PathControl& path, NextHops& next_hops,
    FilterSets& filter
) {
  std::unique_ptr<Engine> engine{new Engine{loop, settings, path, next_hops, filter}};
  RAVEN_TRY(engine->open_sas());
  engine->restore_desired();
  engine->refresh_kernel_view();
  next_hops.on_change([self = engine.get()] { self->refresh_kernel_view(); });
  engine->start_timers();
  return engine;
}

Engine::~Engine() {
  next_hops_.on_change(nullptr);
  for (const event::TimerId timer : timers_) loop_.cancel(timer);
}

Status Engine::open_sas() {
  const SaManagerSettings limits{
      path_.worker_count(), settings_.tables.sas_max,
      std::chrono::seconds{settings_.sa_grace_seconds}, outer_rules(settings_)};
  RAVEN_ASSIGN(const auto journal, open_journal(settings_, state_path("sas")));
  const auto tell = [this](const SaEvent& event) {
    if (sa_socket_) sa_socket_->tell(event);
  };
  RAVEN_ASSIGN(sas_, SaManager::create(limits, peers_, tell, journal));
  sas_restored_ = sas_->restore(BootClock::now());
  if (!settings_.static_sa_file.empty())
    RAVEN_TRY(add_static_sas(settings_, *sas_, journal != nullptr));
  if (journal != nullptr) {
    sas_not_restored_ = journal->refused();
    RAVEN_TRY(journal->publish());
    log::info("sa", "{} SAs of the previous run restored", sas_restored_);
  }
  if (settings_.sockets.sa.empty()) return {};
  const SaSocketSettings socket{
      settings_.sockets.sa, file_mode(settings_.sockets.sa_mode), settings_.sockets.allowed_uids,
      settings_.replay_window};
  RAVEN_ASSIGN(sa_socket_, SaSocket::open(loop_, socket, *sas_));
  return {};
}

std::string Engine::state_path(const char* name) const {
  return fmt::format("{}/{}-{}", settings_.state_dir, name, settings_.instance);
}

// Last good state until the agent says something newer.
void Engine::restore_desired() {
  const Result<dpapi::v1::DesiredState> last = load_desired(state_path("desired"));
  if (last.ok()) {
    if (const Result<Applied> applied = apply(*last); !applied.ok())
      log::warning("control", "the desired state before: {}", applied.error().message);
  } else if (last.error().code != ErrorCode::kNotFound) {
    log::warning("control", "{}", last.error().message);
  }
}

void Engine::start_timers() {
  const std::chrono::nanoseconds interval = milliseconds{settings_.probe_interval_ms};
  timers_.push_back(loop_.call_after(milliseconds{0}, [this] { probe_tick(); }));
  timers_.push_back(loop_.call_every(interval / kProbeTicks, [this] { probe_tick(); }));
  timers_.push_back(loop_.call_every(interval, [this] { report_tick(); }));
  timers_.push_back(loop_.call_every(kSaTick, [this] {
    sas_->tick(BootClock::now());
    path_.writer().reclaim();
  }));
  timers_.push_back(loop_.call_every(kWatchTick, [this] {
    watch_workers();
    if (!kernel_.filter_problem().empty()) update_filter();
  }));
}

Result<Engine::Applied> Engine::apply(const dpapi::v1::DesiredState& message) {
  CheckedDesired checked = check_desired(message);
  RAVEN_TRY(check(message, checked.state));
  const bool said_before = generation_ != 0 && checked.state == desired_;
  generation_ = checked.generation;
  if (said_before) return Applied{false, errors()};
  if (const Status saved = save_desired(state_path("desired"), message); !saved.ok())
    log::warning("control", "a restart will wait for the agent: {}", saved.error().message);
  switch_to(std::move(checked));
  log::info(
      "control", "applied generation {}: {} peers, {} pools, {} nodes, {} errors", generation_,
      desired_.peers.size(), desired_.pools.size(), desired_.nodes.size(), errors().size()
  );
  for (const ItemError& error : errors())
    log::warning("control", "{}: {}", error.item, error.reason);
  return Applied{true, errors()};
}

Status Engine::check(const dpapi::v1::DesiredState& message, const Desired& state) const {
  if (message.generation() < generation_)
    return Error{
        ErrorCode::kConflict,
        fmt::format(
            "generation {} is older than {}, which is applied: read GetStatus and go on from there",
            message.generation(), generation_
        )};
  if (const std::size_t prefixes = state.prefix_count(); prefixes > settings_.tables.routes_max)
    return Error{
        ErrorCode::kInvalid, fmt::format(
                                 "{} prefixes, at most {} (setting tables.routes_max)", prefixes,
                                 settings_.tables.routes_max
                             )};
  return {};
}

// New in, switch, old out: see TableWriter.
void Engine::switch_to(CheckedDesired checked) {
  applied_ = true;
  kernel_.update_filter(&checked.state);  // before routes go: nothing may leave in clear
  const std::size_t peers_before = peers_.peers().size();
  const std::vector<ItemError> no_slot = peers_.add_new(checked.state);
  desired_ = std::move(checked.state);
  item_errors_ = std::move(checked.errors);
  item_errors_.insert(item_errors_.end(), no_slot.begin(), no_slot.end());
  take_tunnels();
  if (peers_.peers().size() != peers_before) sas_->peers_changed();  // they may have keys already
  kernel_.expect_new_routes();
  refresh_kernel_view();
  choose(BootClock::now());
  const PeerTables::Old old = peers_.take_old(desired_);
  if (!old.peers.empty()) sas_->peers_changed();
  peers_.free(old);
  forget_unused_destinations();
  path_.writer().reclaim();
}

void Engine::take_tunnels() {
  std::vector<TunnelId> tunnels;
  for (const Peer& peer : desired_.peers)
    if (const TunnelId tunnel{peer.tunnel}; peers_.peer(tunnel) != nullptr)
      tunnels.push_back(tunnel);
  prober_.set_tunnels(tunnels);
  prober_.set_pools(desired_.pools);
  paths_.set_tunnels(tunnels);
}

// Addresses and next hops, as they are now, into box, topology and tunnels.
void Engine::refresh_kernel_view() {
  kernel_.publish(desired_, peers_.pools());
  paths_.update_all();
  update_filter();
}

void Engine::update_filter() {
  kernel_.update_filter(applied_ ? &desired_ : nullptr);
}

void Engine::forget_unused_destinations() {
  std::set<IpAddress> used;
  for (const LocalNode& node : desired_.nodes) used.insert(node.address);
  for (const auto& [tunnel, row] : peers_.peers())
    if (row.newest != nullptr) used.insert(row.newest->outer().addresses().destination);
  next_hops_.keep_only(used);
}

void Engine::choose(Instant now) {
  prober_.choose(now);
  path_.writer().set_forwarding(forwarding());
}

void Engine::probe_tick() {
  const Instant now = BootClock::now();
  const Prober::Turns turns = prober_.take_turns(now);
  if (turns.health_changed) choose(now);
  for (const TunnelId tunnel : turns.tunnels) {
    // No packet asks for the keys of a tunnel that is never chosen as it has none.
    if (peers_.peer(tunnel)->newest == nullptr) sas_->sa_wanted(tunnel, now);
    paths_.probe(tunnel, prober_.is_up(tunnel), now);
  }
}

// What workers and time have brought since the last call.
void Engine::report_tick() {
  const Instant now = BootClock::now();
  choose(now);
  while (const auto report = path_.take_too_big())
    paths_.hear(*report, sas_->find_outbound(Spi{report->spi}, report->peer));
  while (const auto moved = path_.take_moved_peer())
    sas_->source_moved(Spi{moved->spi}, moved->address, moved->port);
  for (const auto& [tunnel, row] : peers_.peers())
    if (path_.tables().peers[row.index].sa_wanted.exchange(false)) sas_->sa_wanted(tunnel, now);
  path_.writer().reclaim();
}

void Engine::watch_workers() {
  const Instant now = BootClock::now();
  for (unsigned worker = 0; worker < path_.worker_count(); ++worker)
    watch_.look(worker, path_.counters(WorkerId{static_cast<uint16_t>(worker)}), now);
}

bool Engine::forwarding() const {
  return watch_.all_alive() && (desired_.peers.empty() || prober_.selection().any_usable());
}

std::vector<ItemError> Engine::errors() const {
  std::vector<ItemError> all = item_errors_;
  if (!kernel_.filter_problem().empty()) all.push_back({"kernel filter", kernel_.filter_problem()});
  return all;
}

EngineView Engine::view() const {
  EngineCounters counters;
  counters.sas_restored = sas_restored_;
  counters.sas_not_restored = sas_not_restored_;
  counters.too_big_heard = paths_.too_big_heard();
  counters.too_big_refused = paths_.too_big_refused();
  if (sa_socket_) {
    counters.sa_messages_refused = sa_socket_->refused_messages();
    counters.acquires = sa_socket_->acquires();
    counters.acquires_waiting = sa_socket_->acquires_waiting();
  }
  return {settings_, path_.tables(), desired_, generation_,  *sas_,    prober_.selection(),
          peers_,    watch_,         started_, forwarding(), errors(), counters};
}

}  // namespace raven::dataplane
