// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/agent.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "agent-lite/leftovers.h"
#include "common/base/log.h"
#include "common/model/blocked.h"
#include "common/site/guard.h"
#include "common/wire/raven.h"

namespace raven::agent_lite {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Ten passes a second at most, however fast events come.
constexpr milliseconds kQuiet{100};
// After a pass with errors.
constexpr seconds kRetry{5};

// Whether a change in the kernel can matter to the plan or to what it led to.
bool concerns_us(
    const netlink::Object& object, uint32_t overlay,
    const std::map<IpAddress, MacAddress>& gateway_macs
) {
  if (const auto* route = std::get_if<netlink::Route>(&object)) return route->table == kRavenTable;
  if (const auto* rule = std::get_if<netlink::Rule>(&object))
    return rule->priority == kRavenRulePriority || rule->table == kRavenTable;
  // The neighbours of other links change all the time.
  if (const auto* neighbour = std::get_if<netlink::Neighbour>(&object)) {
    if (neighbour->link == overlay || neighbour->protocol == kRavenProtocol) return true;
    const auto gateway = gateway_macs.find(neighbour->address);
    return gateway != gateway_macs.end() && !neighbour->mac.is_zero() &&
           gateway->second != neighbour->mac;
  }
  if (const auto* entry = std::get_if<netlink::FdbEntry>(&object)) return entry->link == overlay;
  return true;
}

std::vector<Prober::Target> targets_of(const model::Network& network) {
  std::vector<Prober::Target> targets;
  const model::Pool* pool = network.own_pool();
  if (network.role != model::Role::kPlain || pool == nullptr) return targets;
  for (const model::PoolGateway& gateway : pool->gateways)
    if (gateway.private_address) targets.push_back({gateway.name, *gateway.private_address});
  return targets;
}

std::size_t count(const model::RemotePrefixes& remote) {
  std::size_t sum = 0;
  for (const auto& [name, pool] : remote) sum += pool.prefixes.size() + pool.refused.size();
  return sum;
}

}  // namespace

Agent::Agent(
    event::Loop& loop, const Settings& settings, Metrics& metrics, Host host,
    netlink::Monitor monitor, kube::Cluster& cluster, std::string node
)
    : loop_{loop},
      settings_{settings},
      metrics_{metrics},
      host_{std::move(host)},
      monitor_{std::move(monitor)},
      cluster_{cluster},
      view_{cluster, settings, std::move(node)},
      prober_{loop, settings.probe, metrics, [this] { pass(); }},
      dirty_{loop, kQuiet, [this] { pass(); }} {}

Agent::~Agent() {
  cluster_.stop();
  loop_.remove_reader(monitor_.fd());
}

Status Agent::start() {
  loop_.add_reader(monitor_.fd(), [this] { on_kernel_change(); });
  loop_.call_every(seconds{settings_.resync_interval_s}, [this] { pass(); });
  loop_.call_after(milliseconds{settings_.snapshot_wait_ms}, [this] {
    if (view_.synced()) return;
    view_.use_snapshot();
    pass();
  });
  metrics_.on_collect([this](metrics::Sink<Metric>& sink) {
    const kube::ClusterHealth health = cluster_.health();
    sink.set(Metric::kFromSnapshot, {}, view_.from_snapshot() ? 1 : 0);
    sink.set(Metric::kSnapshotErrors, {}, static_cast<double>(view_.snapshot_errors()));
    sink.set(Metric::kSourceErrors, {}, static_cast<double>(health.errors));
    if (health.last_contact)
      sink.set(
          Metric::kSourceAge, {},
          std::chrono::duration<double>(BootClock::now() - *health.last_contact).count()
      );
  });
  pass();
  return view_.start([this] { loop_.post([this] { dirty_.mark(); }); });
}

metrics::Health Agent::health() const {
  const std::lock_guard lock{mutex_};
  return {unhealthy_.empty(), unhealthy_};
}

void Agent::on_kernel_change() {
  const auto events = monitor_.drain();
  if (!events.ok()) {
    log::warning("kernel", "{}", events.error().message);
    return dirty_.mark();
  }
  if (events->resync_needed) metrics_.add(Metric::kResyncs);
  const bool matters = std::ranges::any_of(events->events, [&](const netlink::Event& event) {
    return concerns_us(event.object, host_.overlay_index(), gateway_macs_);
  });
  if (events->resync_needed || matters) dirty_.mark();
}

void Agent::pass() {
  if (!view_.refresh()) return guard_before_first_read();
  const Instant begin = BootClock::now();
  Report report = converge();
  Report guarded = guard();
  report.changes += guarded.changes;
  std::ranges::move(guarded.errors, std::back_inserter(report.errors));
  record(report, BootClock::now() - begin);
  remove_leftovers_once();
}

void Agent::guard_before_first_read() {
  if (view_.network().role == model::Role::kGateway) return;
  const auto guarded = site::guarded_before_first_read(settings_.cluster_cidrs, view_.network());
  if (!guarded) return;
  for (const Error& error : host_.guard(*guarded).errors) log::error("kernel", "{}", error.message);
}

// On a gateway box they are its gateway agent's business.
Report Agent::guard() {
  if (view_.network().role == model::Role::kGateway) return {};
  return host_.guard(model::blocked_networks(settings_.cluster_cidrs, view_.network()));
}

Report Agent::converge() {
  const model::Network& network = view_.network();
  prober_.set_targets(targets_of(network));
  metrics_.set(Metric::kRemotePrefixes, {}, static_cast<double>(count(view_.remote())));
  const model::Member* self = network.own_member();
  if (network.role == model::Role::kPlain && self != nullptr) return converge_plain(*self);
  record_problems({});
  return network.role == model::Role::kGateway ? host_.release_overlay() : host_.clean_up();
}

Report Agent::converge_plain(const model::Member& self) {
  const Result<NodeFacts> facts =
      self.private_address ? host_.facts(*self.private_address) : NodeFacts{};
  if (!facts.ok()) return {.errors = {facts.error()}};
  const PlanOptions options{
      .encapsulation = settings_.encapsulation,
      .wan_mtu = settings_.wan_mtu,
      .tunnel_overhead = settings_.tunnel_overhead,
  };
  Desired desired = plan(view_.network(), view_.remote(), *facts, prober_.current(), options);
  if (view_.own_status_emptied())
    desired.problems.push_back(
        "Gateway " + view_.network().own_pool()->name +
        " lists no nodes: this node keeps its previous state"
    );
  record_problems(desired.problems);
  gateway_macs_ = desired.gateway_macs;
  return host_.converge(desired);
}

// After the first pass, so that our routes are there before Raven's go.
void Agent::remove_leftovers_once() {
  if (leftovers_removed_ || !settings_.remove_raven_leftovers) return;
  leftovers_removed_ = true;
  for (const std::string& note : remove_raven_leftovers(host_.kernel()))
    log::info("leftovers", "{}", note);
}

void Agent::record(const Report& report, std::chrono::nanoseconds duration) {
  const bool failed = !report.errors.empty();
  const char* result = failed ? "failed" : report.changes != 0 ? "changed" : "unchanged";
  metrics_.add(Metric::kPasses, {result});
  metrics_.add(Metric::kOperations, {}, static_cast<double>(report.changes));
  metrics_.add(Metric::kErrors, {}, static_cast<double>(report.errors.size()));
  metrics_.set(Metric::kPassSeconds, {}, std::chrono::duration<double>(duration).count());
  if (report.changes != 0) log::info("kernel", "{} changes", report.changes);
  for (const Error& error : report.errors) log::error("kernel", "{}", error.message);
  set_health(failed ? report.errors.front().message : "");
  if (failed) loop_.call_after(kRetry, [this] { dirty_.mark(); });
}

void Agent::record_problems(std::vector<std::string> problems) {
  metrics_.set(Metric::kProblems, {}, static_cast<double>(problems.size()));
  if (problems == problems_) return;
  for (const std::string& problem : problems) log::warning("plan", "{}", problem);
  problems_ = std::move(problems);
}

void Agent::set_health(std::string reason) {
  const std::lock_guard lock{mutex_};
  unhealthy_ = std::move(reason);
}

}  // namespace raven::agent_lite
