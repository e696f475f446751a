// SPDX-License-Identifier: Apache-2.0
#include "common/kube/election.h"

#include <algorithm>
#include <cassert>

#include "common/kube/time_text.h"

namespace raven::kube {
namespace {

using std::chrono::milliseconds;

const std::string kKey = "lease";  // the observer's only key
constexpr std::chrono::seconds kReleasedDuration{1};

}  // namespace

Election::Election(ElectionConfig config, uint64_t jitter_seed)
    : config_{std::move(config)}, random_{jitter_seed} {
  assert(!config_.identity.empty());
  assert(config_.lease_duration > config_.renew_deadline);
  assert(config_.renew_deadline > config_.retry_period * 6 / 5);
}

Election::Action Election::on(const Event& event, Instant now) {
  // Time ends a term, whatever the event is.
  if (leading_ && now >= valid_until_) {
    leading_ = false;
    leader_.clear();
  }
  return std::visit([&](const auto& input) { return handle(input, now); }, event);
}

Election::Action Election::handle(const Tick&, Instant) {
  if (leading_ && !ours_.resource_version.empty()) return renew();
  return Read{};
}

Election::Action Election::handle(const ReadDone& event, Instant now) {
  const auto& record = event.record;
  if (!record || record->holder.empty()) {
    leading_ = false;
    leader_.clear();
    return take(record);
  }
  leader_ = record->holder;
  if (record->holder == config_.identity) {
    // Ours: after a conflict, or after a write whose answer was lost.
    if (!leading_) return take(record);
    ours_ = *record;
    return renew();
  }
  leading_ = false;
  if (!observer_.observe(kKey, *record, now)) return take(record);
  return wait_to_retry(now);
}

Election::Action Election::handle(const WriteDone& event, Instant now) {
  // The answer may have taken longer than the term that it gives.
  valid_until_ = event.sent_at + config_.renew_deadline;
  leading_ = now < valid_until_;
  ours_ = event.record;
  epoch_ = event.record.transitions;
  leader_ = leading_ ? config_.identity : "";
  return wait_to_renew(now, config_.retry_period);
}

Election::Action Election::handle(const WriteLost&, Instant now) {
  ours_.resource_version.clear();  // read before the next write
  return leading_ ? wait_to_renew(now, config_.retry_period / 4) : wait_to_retry(now);
}

Election::Action Election::handle(const Failed&, Instant now) {
  return leading_ ? wait_to_renew(now, config_.retry_period / 2) : wait_to_retry(now);
}

// Spread over more than another period, so that candidates do not all write at once; but awake when
// the leader's record turns stale.
Election::Action Election::wait_to_retry(Instant now) {
  const double factor = std::uniform_real_distribution<double>{1.0, 2.2}(random_);
  const double pause_ms = static_cast<double>(config_.retry_period.count()) * factor;
  Instant until = now + milliseconds{static_cast<int64_t>(pause_ms)};
  if (const auto stale = observer_.stale_at(kKey); stale && *stale > now)
    until = std::min(until, *stale);
  return Wait{until};
}

Election::Action Election::wait_to_renew(Instant now, milliseconds pause) {
  Instant until = now + pause;
  if (leading_) until = std::min(until, valid_until_);  // wake to notice the end of the term
  return Wait{until};
}

Election::Action Election::take(const std::optional<LeaseRecord>& current) {
  LeaseRecord record;
  record.holder = config_.identity;
  record.duration = std::chrono::ceil<std::chrono::seconds>(config_.lease_duration);
  record.acquire_time = record.renew_time = micro_time_now();
  if (current) {
    record.transitions = current->transitions + (current->holder == config_.identity ? 0 : 1);
    record.resource_version = current->resource_version;
  }
  return Write{record};
}

Election::Action Election::renew() {
  LeaseRecord record = ours_;
  record.renew_time = micro_time_now();
  return Write{record};
}

std::optional<LeaseRecord> Election::release(Instant now) {
  const bool held = leads(now) && !ours_.resource_version.empty();
  leading_ = false;
  leader_.clear();
  if (!held) return std::nullopt;
  LeaseRecord record = ours_;
  record.holder.clear();
  record.duration = kReleasedDuration;
  record.renew_time = micro_time_now();
  return record;
}

}  // namespace raven::kube
