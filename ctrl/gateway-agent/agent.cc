// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/agent.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/site/guard.h"

namespace raven::gateway_agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kDataplanePeriod{500};
constexpr seconds kIkePeriod{2};
constexpr milliseconds kIkeDebounce{200};

}  // namespace

Agent::Agent(
    event::Loop& loop, const Settings& settings, std::string node, kube::Cluster& cluster,
    netlink::Kernel kernel, netlink::Monitor monitor, MetricTable& metrics
)
    : loop_{loop},
      settings_{settings},
      cluster_{cluster},
      metrics_{metrics},
      outputs_{metrics},
      monitor_{std::move(monitor)},
      routes_{std::move(kernel), settings.routes.interface, metrics},
      view_{cluster, settings, node},
      dirty_{loop, milliseconds{settings.debounce_ms}, [this] { pass(); }},
      public_ip_{PublicIpSource::parse(settings.public_ip).value_or({})},
      dataplane_calls_{settings.dataplane_socket},
      dataplane_{dataplane_calls_, metrics},
      ike_{node, settings.ike, metrics},
      writer_{cluster, node, settings, metrics},
      ike_dirty_{ike_thread_.loop(), kIkeDebounce, [this] { ike_pass(); }} {}

Agent::~Agent() {
  stop();
}

Status Agent::start() {
  RAVEN_TRY(view_.start([this] { loop_.post([this] { dirty_.mark(); }); }));
  loop_.add_reader(monitor_.fd(), [this] { read_kernel(); });
  loop_.call_every(seconds{settings_.resync_s}, [this] { dirty_.mark(); });
  loop_.call_after(milliseconds{settings_.snapshot_wait_ms}, [this] {
    view_.use_snapshot();
    dirty_.mark();
  });
  dataplane_thread_.start([this] {
    dataplane_thread_.loop().call_every(kDataplanePeriod, [this] { dataplane_step(); });
    dataplane_step();
  });
  ike_thread_.start([this] {
    ike_thread_.loop().call_every(kIkePeriod, [this] { ike_pass(); });
    ike_pass();
  });
  cluster_thread_.start([this] {
    cluster_thread_.loop().call_every(milliseconds{settings_.heartbeat.period_ms}, [this] {
      outputs_.report(Output::kHeartbeat, writer_.beat(forwarding_.get(BootClock::now())));
    });
  });
  dirty_.mark();
  return {};
}

void Agent::stop() {
  writer_.flush();
  cluster_.stop();
  dataplane_thread_.stop();
  ike_thread_.stop();
  cluster_thread_.stop();
}

// ---- main thread ----

void Agent::read_kernel() {
  const auto events = monitor_.drain();
  if (!events.ok()) log::warning("routes", "{}", events.error().message);
  dirty_.mark();
}

Facts Agent::read_facts() {
  Facts facts;
  facts.workers = workers_;
  facts.remote = view_.remote();
  auto kernel = routes_.facts();
  if (kernel.ok())
    facts.kernel = std::move(*kernel);
  else
    outputs_.report(Output::kRoutes, std::move(kernel).error());
  return facts;
}

void Agent::pass() {
  if (!view_.refresh()) return guard_before_first_read();
  metrics_.add(Metric::kPlans);
  Desired desired = plan(view_.network(), read_facts(), settings_);
  report_problems(desired.problems);
  Status routes = routes_.guard(desired.guarded);
  if (routes.ok()) routes = routes_.apply(desired.routes);
  outputs_.report(Output::kRoutes, routes);
  hand_over(std::move(desired));
  const kube::Object own = view_.own_gateway();
  cluster_thread_.loop().post([this, own] { writer_.set_gateway(own); });
  if (own && view_.synced()) fill_public_ip(own);
}

void Agent::guard_before_first_read() {
  if (!settings_.routes.enabled) return;
  const Status guarded =
      routes_.guard(site::guarded_before_first_read(settings_.cluster_cidrs, view_.network()));
  if (!guarded.ok()) log::warning("routes", "{}", guarded.error().message);
}

void Agent::hand_over(Desired desired) {
  metrics_.set(Metric::kPeersWanted, {}, desired.dataplane.peers_size());
  dataplane_thread_.loop().post([this, state = std::move(desired.dataplane)] {
    dataplane_.set_desired(state);
    dataplane_step();
  });
  ike_thread_.loop().post([this, connections = std::move(desired.ike)] {
    ike_.set_desired(connections);
    ike_dirty_.mark();
  });
}

void Agent::tell_problem(const PlanProblem& problem) {
  cluster_thread_.loop().post([this, problem] {
    writer_.tell(kube::EventType::kWarning, "PeerRefused", problem.item + ": " + problem.reason);
  });
}

void Agent::report_problems(const std::vector<PlanProblem>& problems) {
  metrics_.set(Metric::kProblems, {}, static_cast<double>(problems.size()));
  if (problems == problems_) return;
  for (const PlanProblem& problem : problems) {
    log::warning("plan", "{}: {}", problem.item, problem.reason);
    // What is wrong in the Gateways themselves is the controller's to tell.
    if (problem.item.starts_with("peer ") && std::ranges::count(problems_, problem) == 0)
      tell_problem(problem);
  }
  if (problems.empty()) log::info("plan", "no problems any more");
  problems_ = problems;
}

void Agent::fill_public_ip(const kube::Object& gateway) {
  if (public_ip_.is_none()) return;
  const auto address = routes_.public_address(public_ip_);
  if (!address.ok()) log::warning("public_ip", "{}", address.error().message);
  if (!address.ok() || !*address) return;
  cluster_thread_.loop().post([this, object = gateway, value = **address] {
    const Status filled = writer_.fill_public_ip(object, value);
    if (!filled.ok()) log::warning("public_ip", "{}", filled.error().message);
  });
}

// ---- dataplane thread ----

void Agent::dataplane_step() {
  const auto status = dataplane_.step();
  const Verdict verdict = status.ok() ? judge(*status) : Verdict{false, status.error().message};
  forwarding_.set(verdict, BootClock::now());
  metrics_.set(Metric::kForwarding, {}, verdict.forwards ? 1 : 0);
  outputs_.report(Output::kDataplane, status.ok() ? Status{} : Status{status.error()});
  const unsigned workers = status.ok() ? static_cast<unsigned>(status->workers_size()) : 0;
  if (workers == 0 || workers == reported_workers_) return;
  reported_workers_ = workers;
  loop_.post([this, workers] {
    workers_ = workers;
    dirty_.mark();
  });
}

// ---- ike thread ----

void Agent::ike_pass() {
  outputs_.report(Output::kIke, ike_.pass(BootClock::now()));
  tell_key_problem();
  watch_charon();
}

// The last good key stays in use, so nothing else shows it.
void Agent::tell_key_problem() {
  if (ike_.key_problem() == key_problem_) return;
  key_problem_ = ike_.key_problem();
  if (key_problem_.empty()) return;
  cluster_thread_.loop().post([this, problem = key_problem_] {
    writer_.tell(kube::EventType::kWarning, "PreSharedKeyRefused", problem);
  });
}

void Agent::watch_charon() {
  const int fd = ike_.events_fd().value_or(-1);
  if (fd == watched_fd_) return;
  forget_charon();
  if (fd < 0) return;
  watched_fd_ = fd;
  ike_thread_.loop().add_reader(fd, [this] {
    if (!ike_.read_events().ok()) forget_charon();
    ike_dirty_.mark();
  });
}

void Agent::forget_charon() {
  if (watched_fd_ >= 0) ike_thread_.loop().remove_reader(watched_fd_);
  watched_fd_ = -1;
}

// ---- metrics ----

void Agent::collect(metrics::Sink<Metric>& sink) const {
  const kube::ClusterHealth health = cluster_.health();
  sink.set(Metric::kSnapshotUsed, {}, view_.from_snapshot() ? 1 : 0);
  sink.set(Metric::kSnapshotErrors, {}, static_cast<double>(view_.snapshot_errors()));
  sink.set(Metric::kSynced, {}, health.synced ? 1 : 0);
  if (health.last_contact) {
    const std::chrono::duration<double> age = BootClock::now() - *health.last_contact;
    sink.set(Metric::kContactAge, {}, age.count());
  }
  sink.set(Metric::kApiLists, {}, static_cast<double>(health.lists));
  sink.set(Metric::kApiWatches, {}, static_cast<double>(health.watches));
  sink.set(Metric::kApiExpirations, {}, static_cast<double>(health.expirations));
  sink.set(Metric::kApiErrors, {}, static_cast<double>(health.errors));
  sink.set(Metric::kApiRequests, {}, static_cast<double>(health.requests));
}

}  // namespace raven::gateway_agent
