// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/base/log.h"
#include "dataplane/engine/desired_file.h"
#include "dataplane/engine/sa_sources.h"

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSaTick{250};
constexpr milliseconds kWatchTick{1000};

SelectionSettings selection_settings(const Settings& settings) {
  return {settings.probe_loss_max, milliseconds{settings.switch_back_ms}};
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

std::vector<KernelPort> kernel_ports(const PacketPath& path) {
  std::vector<KernelPort> ports;
  for (const auto& port : path.ports())
    ports.push_back({port->index(), port->settings().kernel_interface, 0, port->mtu()});
  return ports;
}

}  // namespace

Engine::Engine(event::Loop& loop, const Settings& settings, PacketPath& path, PortFilter& filter)
    : loop_{loop},
      settings_{settings},
      path_{path},
      filter_{filter},
      selection_{selection_settings(settings)},
      peers_{path.writer(), [this](TunnelId tunnel) { tunnel_moved(tunnel); }},
      slots_{path.writer(), path.tables()},
      watch_{path.worker_count()} {
  desired_.blocked = settings.cluster_cidrs;  // until the agent says what is whose
}

Result<std::unique_ptr<Engine>> Engine::start(
    event::Loop& loop, const Settings& settings, PacketPath& path, PortFilter& filter
) {
  std::unique_ptr<Engine> engine{new Engine{loop, settings, path, filter}};
  Engine* self = engine.get();
  RAVEN_ASSIGN(engine->mirror_, Mirror::start(loop, kernel_ports(path), engine->slots_, [self] {
                 if (self->mirror_) self->refresh_kernel_view();
               }));
  RAVEN_TRY(engine->open_sas());
  engine->restore_desired();
  engine->refresh_kernel_view();
  engine->start_timers();
  return engine;
}

Engine::~Engine() {
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
  if (static_sas()) RAVEN_TRY(add_static_sas(settings_, *sas_, journal != nullptr));
  if (journal != nullptr) {
    sas_not_restored_ = journal->refused();
    RAVEN_TRY(journal->publish());
    log::info("sa", "{} SAs of the run before restored", sas_restored_);
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
  const milliseconds probe_period{settings_.probe_interval_ms};
  timers_.push_back(loop_.call_after(milliseconds{0}, [this] { probe_tick(); }));
  timers_.push_back(loop_.call_every(probe_period, [this] { probe_tick(); }));
  timers_.push_back(loop_.call_every(kSaTick, [this] {
    sas_->tick(BootClock::now());
    path_.writer().reclaim();
  }));
  timers_.push_back(loop_.call_every(kWatchTick, [this] { watch_workers(); }));
}

// New in, switch, old out: see TableWriter.
Result<Engine::Applied> Engine::apply(const dpapi::v1::DesiredState& message) {
  if (message.generation() < desired_.generation)
    return Error{
        ErrorCode::kConflict,
        fmt::format(
            "generation {} is older than {}, which is applied: read GetStatus and go on from there",
            message.generation(), desired_.generation
        )};
  CheckedDesired checked = check_desired(message);
  if (const std::size_t prefixes = checked.state.prefix_count();
      prefixes > settings_.tables.routes_max)
    return Error{
        ErrorCode::kInvalid, fmt::format(
                                 "{} prefixes, at most {} (setting tables.routes_max)", prefixes,
                                 settings_.tables.routes_max
                             )};
  if (checked.state.same_as(desired_) && desired_.generation != 0) {
    desired_.generation = checked.state.generation;
    return Applied{false, errors_};
  }
  applied_ = true;
  if (const Status saved = save_desired(state_path("desired"), message); !saved.ok())
    log::warning("control", "a restart will wait for the agent: {}", saved.error().message);
  const std::string filter_problem = update_filter(checked.state);
  const std::vector<ItemError> no_slot = peers_.add_new(checked.state);
  desired_ = std::move(checked.state);
  errors_ = std::move(checked.errors);
  errors_.insert(errors_.end(), no_slot.begin(), no_slot.end());
  if (!filter_problem.empty()) errors_.push_back({"kernel filter", filter_problem});
  std::erase_if(answers_seen_, [this](const auto& item) { return !peers_.peer(item.first); });
  topology_stale_ = true;
  take_selection_inputs();
  refresh_kernel_view();
  choose(BootClock::now());
  peers_.remove_old(desired_);
  sas_->peers_changed();
  choose(BootClock::now());  // new peers may have had their keys already
  forget_unused_destinations();
  path_.writer().reclaim();
  log::info(
      "control", "applied generation {}: {} peers, {} pools, {} nodes, {} errors",
      desired_.generation, desired_.peers.size(), desired_.pools.size(), desired_.nodes.size(),
      errors_.size()
  );
  for (const ItemError& error : errors_)
    log::warning("control", "{}: {}", error.item, error.reason);
  return Applied{true, errors_};
}

void Engine::take_selection_inputs() {
  std::vector<uint32_t> tunnels;
  for (const Peer& peer : desired_.peers)
    if (peers_.peer(TunnelId{peer.tunnel}) != nullptr) tunnels.push_back(peer.tunnel);
  std::map<std::string, std::vector<uint32_t>> gateways;
  for (const RemotePool& pool : desired_.pools) gateways[pool.name] = pool.gateways;
  selection_.set_tunnels(tunnels);
  path_mtu_.set_tunnels(tunnels);
  selection_.set_pools(gateways);
}

// Addresses and next hops, as they are now, into box, topology and tunnels.
void Engine::refresh_kernel_view() {
  std::vector<IpAddress> addresses;
  for (const netlink::Address& address : mirror_->addresses()) addresses.push_back(address.address);
  own_addresses_ = std::move(addresses);
  path_.writer().publish_box(build_box(desired_, own_addresses_));
  publish_topology();
  for (const auto& [tunnel, row] : peers_.peers()) tunnel_moved(tunnel);
  update_filter(desired_);
}

std::vector<NodeHop> Engine::look_up_nodes() {
  std::vector<NodeHop> hops;
  for (const LocalNode& node : desired_.nodes) {
    NodeHop hop;
    if (const Result<AdjacencyIndex> slot = mirror_->want(node.address); slot.ok()) {
      hop.adjacency = *slot;
    } else {
      log::error("control", "node {}: {}", node.name, slot.error().message);
    }
    if (const NextHop* next = mirror_->next_hop(node.address); next != nullptr && next->port) {
      hop.source = next->source;
      hop.mtu = path_.ports()[next->port->value()]->mtu();
    }
    hops.push_back(hop);
  }
  return hops;
}

void Engine::publish_topology() {
  std::vector<NodeHop> hops = look_up_nodes();
  if (!topology_stale_ && hops == node_hops_) return;
  path_.writer().publish_topology(build_topology(desired_, peers_.pools(), hops));
  node_hops_ = std::move(hops);
  topology_stale_ = false;
}

// What fails is tried again with the next change.
std::string Engine::update_filter(const Desired& state) {
  const Status updated = applied_
                             ? filter_.update(own_addresses_, state.remote_prefixes(), state.open)
                             : filter_.update(own_addresses_);
  if (updated.ok()) return "";
  log::error("filter", "{}", updated.error().message);
  return updated.error().message;
}

// The next hop towards the peer, and how much fits through the tunnel.
void Engine::tunnel_moved(TunnelId tunnel) {
  const PeerTables::PeerRow* row = peers_.peer(tunnel);
  if (row == nullptr || row->newest == nullptr) return;
  const IpAddress peer = row->newest->outer().addresses().destination;
  const Result<AdjacencyIndex> slot = mirror_->want(peer);
  if (!slot.ok()) {
    log::error("control", "peer {}: {}", peer.text(), slot.error().message);
    return;
  }
  path_.writer().set_peer_adjacency(row->index, *slot);
  const NextHop* hop = mirror_->next_hop(peer);
  if (hop == nullptr || !hop->port) return;
  path_mtu_.set_path(tunnel.value(), peer, path_.ports()[hop->port->value()]->mtu());
  const uint32_t mtu = path_mtu_.largest(tunnel.value());
  path_.writer().set_peer_path_mtu(
      row->index, static_cast<uint16_t>(row->newest->outer_size_max(mtu)),
      static_cast<uint16_t>(row->newest->inner_size_max(mtu))
  );
}

void Engine::forget_unused_destinations() {
  std::set<IpAddress> used;
  for (const LocalNode& node : desired_.nodes) used.insert(node.address);
  for (const auto& [tunnel, row] : peers_.peers())
    if (row.newest != nullptr) used.insert(row.newest->outer().addresses().destination);
  mirror_->keep_only(used);
}

void Engine::probe_tick() {
  const Instant now = BootClock::now();
  take_answers(now);
  send_probes(now);  // also finds tunnels down that did not answer the ones before
  choose(now);
  probe_path_mtu(now);
  take_reports(now);
  path_.writer().reclaim();
}

void Engine::take_answers(Instant now) {
  for (const auto& [tunnel, row] : peers_.peers()) {
    const PeerSlot& slot = tables().peers[row.index];
    const ProbeAnswer answer = ProbeAnswer::unpack(slot.probe_answer.load());
    if (std::exchange(answers_seen_[tunnel], answer.sequence) == answer.sequence) continue;
    selection_.probe_answered(
        tunnel.value(), answer.sequence, std::chrono::microseconds{answer.rtt_us}, now
    );
  }
}

void Engine::choose(Instant now) {
  for (const auto& [tunnel, row] : peers_.peers())
    selection_.set_keyed(tunnel.value(), row.newest != nullptr);
  for (const std::string& pool : selection_.choose(now)) {
    const PoolChoice& choice = selection_.choices().at(pool);
    const TunnelId tunnel{choice.tunnel.value_or(0)};
    if (const auto slot = peers_.pools().find(pool); slot != peers_.pools().end())
      path_.writer().select_peer(slot->second, choice.tunnel ? peers_.peer_of(tunnel) : kNoPeer);
    log::info("path", "pool {} by {}", pool, choice.tunnel ? peer_name(tunnel) : "nobody");
  }
  path_.writer().set_forwarding(forwarding());
}

void Engine::send_probes(Instant now) {
  for (const auto& [tunnel, row] : peers_.peers()) {
    const uint32_t sequence = selection_.probe_sent(tunnel.value());
    const Status sent = path_.send_probe(row.index, sequence);
    if (!sent.ok()) log::debug("path", "{}: {}", peer_name(tunnel), sent.error().message);
    // No packet asks for the keys of a tunnel that is never chosen as it has none.
    if (row.newest == nullptr) sas_->sa_wanted(tunnel, now);
  }
}

void Engine::probe_path_mtu(Instant now) {
  for (const auto& [tunnel, row] : peers_.peers()) {
    if (row.newest == nullptr) continue;
    if (const uint32_t size = tables().peers[row.index].padded_answer.exchange(0); size != 0)
      path_mtu_.probe_answered(tunnel.value(), size);
    const TunnelHealth* health = selection_.health(tunnel.value());
    const PathMtu::Step step = path_mtu_.step(tunnel.value(), health != nullptr && health->up, now);
    for (const uint32_t size : step.probes) {
      const Status sent = path_.send_padded_probe(
          row.index, static_cast<uint16_t>(size), row.newest->inner_size_max(size)
      );
      if (!sent.ok()) log::debug("path", "{}: {}", peer_name(tunnel), sent.error().message);
    }
    if (!step.changed) continue;
    tunnel_moved(tunnel);
    log::info("path", "{}: path MTU is {}", peer_name(tunnel), path_mtu_.largest(tunnel.value()));
  }
}

// Heard only if we may have sent what it quotes: RFC 4301 section 8.2.1, RFC 5927 section 7.
void Engine::take_too_big(const TooBig& report) {
  const OutboundSa* sa = sas_->find_outbound(Spi{report.spi}, report.peer);
  const bool ours = sa != nullptr && sa->sent_recently(report.sequence);
  const bool heard =
      ours && path_mtu_.too_big(sa->tunnel_id().value(), report.mtu, report.quoted_size);
  ++(heard ? too_big_heard_ : too_big_refused_);
}

void Engine::take_reports(Instant now) {
  while (const auto report = path_.take_too_big()) take_too_big(*report);
  while (const auto moved = path_.take_moved_peer())
    sas_->source_moved(Spi{moved->spi}, moved->address, moved->port);
  for (const auto& [tunnel, row] : peers_.peers())
    if (tables().peers[row.index].sa_wanted.exchange(false)) sas_->sa_wanted(tunnel, now);
}

void Engine::watch_workers() {
  const Instant now = BootClock::now();
  for (unsigned worker = 0; worker < path_.worker_count(); ++worker)
    watch_.look(worker, path_.counters(WorkerId{static_cast<uint16_t>(worker)}), now);
}

std::string Engine::peer_name(TunnelId tunnel) const {
  const auto peer = std::ranges::find(desired_.peers, tunnel.value(), &Peer::tunnel);
  return peer == desired_.peers.end() ? fmt::format("tunnel {:06x}", tunnel.value()) : peer->name;
}

std::string Engine::pool_name(TunnelId tunnel) const {
  const auto peer = std::ranges::find(desired_.peers, tunnel.value(), &Peer::tunnel);
  return peer == desired_.peers.end() ? "" : peer->pool;
}

bool Engine::forwarding() const {
  return watch_.all_alive() && (desired_.peers.empty() || selection_.any_usable());
}

}  // namespace raven::dataplane
