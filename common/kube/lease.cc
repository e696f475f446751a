// SPDX-License-Identifier: Apache-2.0
#include "common/kube/lease.h"

#include <algorithm>

#include "common/kube/json_value.h"
#include "common/kube/time_text.h"

namespace raven::kube {
namespace {

// Other durations come from no sane writer, and must not overflow our arithmetic.
constexpr int64_t kDurationMaxS = 3600;

}  // namespace

const Kind& lease_kind() {
  static const Kind kind{"coordination.k8s.io", "v1", "leases", "Lease", true};
  return kind;
}

LeaseRecord LeaseRecord::from_json(const Json& lease) {
  LeaseRecord record;
  record.holder = text_or(lease, {"spec", "holderIdentity"});
  record.duration = std::chrono::seconds{std::clamp<int64_t>(
      find_integer(lease, {"spec", "leaseDurationSeconds"}).value_or(0), 0, kDurationMaxS
  )};
  record.acquire_time = text_or(lease, {"spec", "acquireTime"});
  record.renew_time = text_or(lease, {"spec", "renewTime"});
  record.transitions = find_integer(lease, {"spec", "leaseTransitions"}).value_or(0);
  record.resource_version = kube::resource_version(lease);
  return record;
}

Json LeaseRecord::spec_json() const {
  Json spec{
      {"holderIdentity", holder},
      {"leaseDurationSeconds", duration.count()},
      {"leaseTransitions", transitions}};
  if (!acquire_time.empty()) spec["acquireTime"] = acquire_time;
  if (!renew_time.empty()) spec["renewTime"] = renew_time;
  return spec;
}

bool LeaseObserver::observe(const std::string& key, const LeaseRecord& record, Instant now) {
  const auto [found, is_new] = seen_.try_emplace(key);
  Seen& seen = found->second;
  const bool changed = is_new || seen.holder != record.holder ||
                       seen.renew_time != record.renew_time ||
                       seen.resource_version != record.resource_version;
  if (changed)
    seen = {record.holder, record.renew_time, record.resource_version, record.duration, now};
  seen.duration = record.duration;
  return !record.holder.empty() && now < seen.changed_at + seen.duration;
}

std::optional<Instant> LeaseObserver::stale_at(const std::string& key) const {
  const auto found = seen_.find(key);
  if (found == seen_.end()) return std::nullopt;
  return found->second.changed_at + found->second.duration;
}

void LeaseObserver::forget(const std::string& key) {
  seen_.erase(key);
}

Status renew_heartbeat(Cluster& cluster, const Heartbeat& heartbeat, RequestOptions options) {
  const std::string now = micro_time_now();
  const Json spec{
      {"holderIdentity", heartbeat.holder},
      {"leaseDurationSeconds", heartbeat.duration.count()},
      {"renewTime", now}};
  const Json patch{{"metadata", {{"labels", heartbeat.labels}}}, {"spec", spec}};
  auto renewed = cluster.patch(lease_kind(), heartbeat.name, patch, options);
  if (renewed) return {};
  if (renewed.error().code != ErrorCode::kNotFound) return std::move(renewed).error();

  Json lease = patch;
  lease["metadata"]["name"] = heartbeat.name.name;
  lease["metadata"]["namespace"] = heartbeat.name.name_space;
  lease["spec"]["acquireTime"] = now;
  auto created = cluster.create(lease_kind(), std::move(lease), options);
  if (!created) return std::move(created).error();
  return {};
}

}  // namespace raven::kube
