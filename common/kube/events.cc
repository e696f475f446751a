// SPDX-License-Identifier: Apache-2.0
#include "common/kube/events.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/log.h"
#include "common/kube/json_value.h"
#include "common/kube/time_text.h"

namespace raven::kube {
namespace {

constexpr std::size_t kQueueMax = 256;
constexpr std::size_t kSentMax = 1024;
constexpr double kBurst = 50;
constexpr double kPerSecond = 1;
constexpr std::chrono::minutes kAggregateFor{10};
constexpr std::size_t kMessageBytesMax = 1024;
constexpr std::chrono::milliseconds kRequestTimeout{5'000};

const Kind& event_kind() {
  static const Kind kind{"", "v1", "events", "Event", true};
  return kind;
}

}  // namespace

EventSubject EventSubject::of(const Kind& kind, const Json& object) {
  return {kind, object_name(object), text_or(object, {"metadata", "uid"})};
}

EventRecorder::EventRecorder(Cluster& cluster, std::string component, std::string instance)
    : cluster_{cluster},
      component_{std::move(component)},
      instance_{std::move(instance)},
      tokens_{kBurst},
      refilled_at_{BootClock::now()},
      thread_{[this] { run(); }} {}

EventRecorder::~EventRecorder() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

// A token bucket.  REQUIRES: mutex_ held.
bool EventRecorder::admit(Instant now) {
  const std::chrono::duration<double> passed = now - refilled_at_;
  tokens_ = std::min(kBurst, tokens_ + passed.count() * kPerSecond);
  refilled_at_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

void EventRecorder::record(
    EventSubject subject, EventType type, std::string reason, std::string message
) {
  message.resize(std::min(message.size(), kMessageBytesMax));
  {
    const std::lock_guard lock{mutex_};
    if (queue_.size() >= kQueueMax || !admit(BootClock::now())) {
      dropped_count_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    queue_.push_back({std::move(subject), type, std::move(reason), std::move(message)});
  }
  wake_.notify_all();
}

EventCounters EventRecorder::counters() const {
  return {sent_count_.load(), dropped_count_.load(), failed_count_.load()};
}

bool EventRecorder::flush(std::chrono::milliseconds timeout) {
  std::unique_lock lock{mutex_};
  return idle_.wait_for(lock, timeout, [this] { return queue_.empty() && !busy_; });
}

void EventRecorder::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const Entry entry = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    lock.unlock();
    send(entry);
    lock.lock();
    busy_ = false;
    idle_.notify_all();
  }
}

void EventRecorder::send(const Entry& entry) {
  const Instant now = BootClock::now();
  const std::string key = fmt::format(
      "{} {} {} {}", entry.subject.kind.plural, entry.subject.name.key(), entry.reason,
      entry.message
  );
  if (sent_.size() >= kSentMax) sent_.clear();
  Sent& sent = sent_[key];
  Result<Json> stored{Json{}};
  if (sent.count > 0 && now - sent.last < kAggregateFor) {
    const Json patch{{"count", sent.count + 1}, {"lastTimestamp", utc_text_now()}};
    stored = cluster_.patch(event_kind(), sent.name, patch, {kRequestTimeout});
  }
  // The first one, or the server has forgotten it (events live an hour).
  if (sent.count == 0 || now - sent.last >= kAggregateFor ||
      (!stored && stored.error().code == ErrorCode::kNotFound)) {
    sent.count = 0;
    sent.name.name = fmt::format(
        "{}.{:x}.{}", entry.subject.name.name, now.time_since_epoch().count(), ++serial_
    );
    // Events about cluster-scoped objects belong into "default".
    sent.name.name_space =
        entry.subject.name.name_space.empty() ? "default" : entry.subject.name.name_space;
    stored = cluster_.create(event_kind(), make_event(entry, sent.name), {kRequestTimeout});
  }
  if (!stored) {
    failed_count_.fetch_add(1, std::memory_order_relaxed);
    log::warning("events", "{}: {}", entry.reason, stored.error().message);
    return;
  }
  ++sent.count;
  sent.last = now;
  sent_count_.fetch_add(1, std::memory_order_relaxed);
}

Json EventRecorder::make_event(const Entry& entry, const ObjectName& name) const {
  const std::string now = utc_text_now();
  Json about{
      {"apiVersion", entry.subject.kind.api_version()},
      {"kind", entry.subject.kind.kind},
      {"name", entry.subject.name.name}};
  if (!entry.subject.name.name_space.empty()) about["namespace"] = entry.subject.name.name_space;
  if (!entry.subject.uid.empty()) about["uid"] = entry.subject.uid;
  return {
      {"metadata", {{"name", name.name}, {"namespace", name.name_space}}},
      {"involvedObject", std::move(about)},
      {"type", entry.type == EventType::kWarning ? "Warning" : "Normal"},
      {"reason", entry.reason},
      {"message", entry.message},
      {"source", {{"component", component_}, {"host", instance_}}},
      {"reportingComponent", component_},
      {"reportingInstance", instance_},
      {"firstTimestamp", now},
      {"lastTimestamp", now},
      {"count", 1}};
}

}  // namespace raven::kube
