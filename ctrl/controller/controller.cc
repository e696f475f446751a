// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/controller.h"

#include <random>

#include "common/base/log.h"
#include "common/kube/json_value.h"
#include "common/model/names.h"

namespace raven::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Bounds for what a Lease may claim, and what counts when it claims nothing.
constexpr seconds kHeartbeatDefault{4};
constexpr seconds kHeartbeatMax{60};

kube::ElectionConfig leader_config(const Settings& settings, const std::string& identity) {
  return {
      identity, milliseconds{settings.leader.lease_duration_ms},
      milliseconds{settings.leader.renew_deadline_ms},
      milliseconds{settings.leader.retry_period_ms}};
}

ElectionConfig election_config(const Settings& settings) {
  return {seconds{settings.hold_down_s}, seconds{settings.recovery_wait_s}};
}

const kube::ObjectName& leader_lease() {
  static const kube::ObjectName name{
      std::string{model::kSystemNamespace}, std::string{model::kControllerLease}};
  return name;
}

// True when the snapshot differs from the one before.
template <class T>
bool refresh(kube::TypedView<T>& view, const kube::Snapshot& snapshot) {
  if (!view.refresh(snapshot)) return false;
  for (const auto& [key, reason] : view.unreadable())
    log::warning("controller", "{} is left out: {}", key, reason);
  return true;
}

Result<kube::LeaseRecord> parse_lease(const kube::Json& object) {
  return kube::LeaseRecord::from_json(object);
}

seconds heartbeat_duration(const kube::LeaseRecord& lease) {
  if (lease.duration <= seconds{0}) return kHeartbeatDefault;
  return std::min(lease.duration, kHeartbeatMax);
}

// The node of a heartbeat Lease; empty for another Lease with the label.
std::string heartbeat_node(const std::string& key) {
  const std::string prefix =
      std::string{model::kSystemNamespace} + "/" + std::string{model::kHeartbeatPrefix};
  return key.starts_with(prefix) ? key.substr(prefix.size()) : "";
}

void keep_earliest(std::optional<Instant>& earliest, const std::optional<Instant>& other) {
  if (other && (!earliest || *other < *earliest)) earliest = other;
}

}  // namespace

Controller::Controller(
    const Settings& settings, std::string identity, kube::Cluster& cluster, event::Loop& loop,
    MetricTable& metrics
)
    : settings_{settings},
      cluster_{cluster},
      loop_{loop},
      metrics_{metrics},
      dirty_{loop, milliseconds{settings.debounce_ms}, [this] { pass(); }},
      leases_{parse_lease},
      elections_{election_config(settings)},
      retries_{std::random_device{}()},
      last_turn_{BootClock::now()},
      events_{cluster, "raven-controller", identity},
      elector_{cluster, leader_lease(), leader_config(settings, identity), [this](bool leads) {
                 log::info("controller", "{}", leads ? "leads now" : "does not lead any more");
                 loop_.post([this] { dirty_.mark(); });
               }} {}

Status Controller::start() {
  const std::string system{model::kSystemNamespace};
  watches_.gateways = cluster_.watch({model::gateway_kind()});
  watches_.nodes = cluster_.watch({model::node_kind()});
  watches_.config =
      cluster_.watch({model::config_map_kind(), system, std::string{model::kRavenConfigMap}});
  watches_.leases =
      cluster_.watch({kube::lease_kind(), system, "", std::string{model::kHeartbeatLabel}});
  kube::WatchSpec blocks{model::block_affinity_kind()};
  blocks.may_be_missing = true;  // only Calico brings it
  watches_.blocks = cluster_.watch(blocks);
  RAVEN_TRY(cluster_.start([this] { loop_.post([this] { dirty_.mark(); }); }));
  elector_.start();
  loop_.call_every(seconds{settings_.resync_s}, [this] { dirty_.mark(); });
  loop_.call_every(seconds{1}, [this] { last_turn_ = BootClock::now(); });
  return {};
}

void Controller::stop() {
  elector_.stop();
  events_.flush(milliseconds{500});
  cluster_.stop();
}

void Controller::pass() {
  last_turn_ = BootClock::now();
  if (!cluster_.synced()) return;
  const Instant now = BootClock::now();
  if (decide(now)) settled_ = false;
  if (!elector_.leads())
    settled_ = false;
  else if (!settled_)
    write_changes(now);
  wake_at_next_change(now);
}

// True when what is desired may have changed.
bool Controller::decide(Instant now) {
  const std::lock_guard lock{mutex_};
  const bool changed = refresh_world();
  refresh_heartbeats(now);
  ElectedByGateway elected = elections_.run(world(), heartbeats_, now);
  if (!changed && elected == elected_) return false;
  elected_ = std::move(elected);
  desired_ = plan(world(), elected_);
  metrics_.add(Metric::kPasses);
  return true;
}

bool Controller::refresh_world() {
  bool changed = refresh(gateways_, own_writes_.apply(cluster_.snapshot(watches_.gateways)));
  changed |= refresh(nodes_, cluster_.snapshot(watches_.nodes));
  changed |= refresh(blocks_, cluster_.snapshot(watches_.blocks));
  const kube::Snapshot config = cluster_.snapshot(watches_.config);
  changed |= config != config_;
  config_ = config;
  return changed;
}

World Controller::world() const {
  const auto config =
      config_->find(leader_lease().name_space + "/" + std::string{model::kRavenConfigMap});
  return {
      gateways_.all(), nodes_.all(), blocks_.all(),
      model::RavenConfig::parse(config == config_->end() ? nullptr : config->second.get())};
}

void Controller::refresh_heartbeats(Instant now) {
  if (!refresh(leases_, cluster_.snapshot(watches_.leases))) return;
  std::vector<std::string> gone;
  for (const auto& [node, box] : heartbeats_.boxes())
    if (!leases_.all().contains(model::heartbeat_name(node).key())) gone.push_back(node);
  for (const std::string& node : gone) heartbeats_.forget(node);
  for (const auto& [key, lease] : leases_.all()) {
    const std::string node = heartbeat_node(key);
    if (!node.empty())
      heartbeats_.see(node, lease.holder, lease.renew_time, heartbeat_duration(lease), now);
  }
}

void Controller::write_changes(Instant now) {
  settled_ = true;
  for (const auto& [name, gateway] : gateways_.all()) {
    const kube::Object& object = gateways_.objects().at(name);
    const Change change = diff(*object, gateway, desired_.at(name));
    if (change.empty()) {
      retries_.succeeded(name);
      continue;
    }
    settled_ = false;
    if (!retries_.may_try(name, now)) continue;
    const Status written = write(name, object, change);
    if (written) {
      dirty_.mark();
      continue;
    }
    retries_.failed(name, BootClock::now());
    log::warning("controller", "write Gateway {}: {}", name, written.error().message);
  }
}

// The status first: it is what others act on.
Status Controller::write(const std::string& name, kube::Object object, const Change& change) {
  if (change.status.patch) {
    RAVEN_ASSIGN(object, write_one(name, object, change.status, true));
    if (change.switched) metrics_.add(Metric::kSwitches, {name});
  }
  if (!change.annotation.patch) return {};
  RAVEN_ASSIGN(object, write_one(name, object, change.annotation, false));
  return {};
}

Result<kube::Object> Controller::write_one(
    const std::string& name, const kube::Object& base, const Edit& edit, bool is_status
) {
  if (!elector_.leads()) return Error{ErrorCode::kDenied, "this replica does not lead any more"};
  const kube::ObjectName object{"", name};
  const kube::RequestOptions options{milliseconds{settings_.request_timeout_ms}};
  auto stored = is_status
                    ? cluster_.patch_status(model::gateway_kind(), object, *edit.patch, options)
                    : cluster_.patch(model::gateway_kind(), object, *edit.patch, options);
  const char* what = is_status ? "status" : "annotation";
  if (!stored) {
    const bool conflict = stored.error().code == ErrorCode::kConflict;
    metrics_.add(Metric::kWrites, {what, conflict ? "conflict" : "error"});
    return std::move(stored).error().with(what);
  }
  metrics_.add(Metric::kWrites, {what, "ok"});
  const auto answer = std::make_shared<const kube::Json>(std::move(stored).value());
  own_writes_.note(name, base, answer);
  announce(*answer, edit.notices);
  return kube::Object{answer};
}

void Controller::announce(const kube::Json& object, const std::vector<Notice>& notices) {
  const auto subject = kube::EventSubject::of(model::gateway_kind(), object);
  for (const Notice& notice : notices) {
    log::info("controller", "Gateway {}: {}: {}", subject.name.name, notice.reason, notice.message);
    events_.record(subject, notice.type, notice.reason, notice.message);
  }
}

void Controller::wake_at_next_change(Instant now) {
  std::optional<Instant> next = heartbeats_.next_change(now);
  keep_earliest(next, retries_.next(now));
  for (const auto& [name, elected] : elected_)
    for (const auto* outcome : {&elected.tunnel, &elected.proxy})
      if (*outcome) keep_earliest(next, (*outcome)->retry_at);
  loop_.cancel(wake_);
  if (!next) return;
  // A pass of its own, without the debounce: a failover waits for nothing.
  const Instant soon = now + milliseconds{1};
  wake_ = loop_.call_after(std::max(*next, soon) - now, [this] { pass(); });
}

metrics::Health Controller::health() const {
  const auto quiet = BootClock::now() - last_turn_.load();
  const auto limit = seconds{10} + milliseconds{settings_.request_timeout_ms};
  if (quiet > limit)
    return {false, fmt::format("the loop has not turned for {} s", quiet / seconds{1})};
  if (!cluster_.synced()) return {true, "waiting for the first lists"};
  return {true, elector_.leads() ? "leads" : "follows " + elector_.leader()};
}

}  // namespace raven::controller
