// SPDX-License-Identifier: Apache-2.0
#include "common/kube/leader_elector.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/kube/json_value.h"

namespace raven::kube {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRequestTimeoutMin{100};
constexpr milliseconds kReleaseTimeout{2'000};

int64_t to_ns(Instant instant) {
  return instant.time_since_epoch().count();
}

Json lease_json(const ObjectName& name, const LeaseRecord& record) {
  Json metadata{{"name", name.name}, {"namespace", name.name_space}};
  if (!record.resource_version.empty()) metadata["resourceVersion"] = record.resource_version;
  return {{"metadata", std::move(metadata)}, {"spec", record.spec_json()}};
}

}  // namespace

LeaderElector::LeaderElector(
    Cluster& cluster, ObjectName lease, ElectionConfig config, std::function<void(bool)> on_change
)
    : cluster_{cluster},
      lease_{std::move(lease)},
      config_{config},
      on_change_{std::move(on_change)},
      election_{std::move(config), std::random_device{}()} {}

LeaderElector::~LeaderElector() {
  stop();
}

void LeaderElector::start() {
  thread_ = std::thread{[this] { run(); }};
}

void LeaderElector::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool LeaderElector::leads() const {
  return to_ns(BootClock::now()) < valid_until_ns_.load(std::memory_order_acquire);
}

std::string LeaderElector::leader() const {
  const std::lock_guard lock{mutex_};
  return leader_;
}

void LeaderElector::run() {
  Election::Event event = Election::Tick{};
  for (;;) {
    const Election::Action action = election_.on(event, BootClock::now());
    publish();
    {
      const std::lock_guard lock{mutex_};
      if (stopping_) break;
    }
    event = carry_out(action);
  }
  release();
}

Election::Event LeaderElector::carry_out(const Election::Action& action) {
  if (const auto* wait = std::get_if<Election::Wait>(&action)) {
    wait_until(wait->until);
    return Election::Tick{};
  }
  if (const auto* put = std::get_if<Election::Write>(&action)) return write(put->record);
  return read();
}

Election::Event LeaderElector::read() {
  const auto lease = cluster_.get(lease_kind(), lease_, {request_timeout()});
  if (lease) return Election::ReadDone{LeaseRecord::from_json(*lease)};
  if (lease.error().code == ErrorCode::kNotFound) return Election::ReadDone{};
  log::warning("election", "{}", lease.error().message);
  return Election::Failed{};
}

Election::Event LeaderElector::write(const LeaseRecord& record) {
  const Instant sent_at = BootClock::now();
  Json lease = lease_json(lease_, record);
  const auto stored = record.resource_version.empty()
                          ? cluster_.create(lease_kind(), std::move(lease), {request_timeout()})
                          : cluster_.update(lease_kind(), std::move(lease), {request_timeout()});
  if (stored) return Election::WriteDone{LeaseRecord::from_json(*stored), sent_at};
  const ErrorCode code = stored.error().code;
  // Not there any more counts as lost too: read, then create.
  if (code == ErrorCode::kConflict || code == ErrorCode::kExists || code == ErrorCode::kNotFound)
    return Election::WriteLost{};
  log::warning("election", "{}", stored.error().message);
  return Election::Failed{};
}

// No request may outlast the term: its end must be noticed when it comes.
milliseconds LeaderElector::request_timeout() const {
  milliseconds timeout = config_.renew_deadline / 2;
  const Instant now = BootClock::now();
  if (election_.leads(now))
    timeout = std::min(timeout, std::chrono::ceil<milliseconds>(election_.valid_until() - now));
  return std::max(timeout, kRequestTimeoutMin);
}

void LeaderElector::publish() {
  const bool leads = election_.leads(BootClock::now());
  valid_until_ns_.store(leads ? to_ns(election_.valid_until()) : 0, std::memory_order_release);
  epoch_.store(election_.epoch(), std::memory_order_release);
  {
    const std::lock_guard lock{mutex_};
    leader_ = election_.leader();
  }
  if (leads == reported_) return;
  reported_ = leads;
  log::info(
      "election", "{} {} epoch={}", config_.identity, leads ? "leads" : "does not lead any more",
      election_.epoch()
  );
  on_change_(leads);
}

void LeaderElector::wait_until(Instant until) {
  std::unique_lock lock{mutex_};
  wake_.wait_until(lock, until, [this] { return stopping_; });
}

void LeaderElector::release() {
  const auto record = election_.release(BootClock::now());
  publish();  // stop writing before anybody else may begin
  if (!record) return;
  const auto released =
      cluster_.update(lease_kind(), lease_json(lease_, *record), {kReleaseTimeout});
  if (!released) log::warning("election", "release: {}", released.error().message);
}

}  // namespace raven::kube
