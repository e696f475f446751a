// SPDX-License-Identifier: Apache-2.0
#include "common/kube/api_cluster.h"

#include <cassert>
#include <future>
#include <random>

#include "common/kube/json_value.h"
#include "common/kube/line_splitter.h"
#include "common/kube/url.h"

namespace raven::kube {
namespace {

constexpr std::size_t kWatchLineBytesMax = 16u << 20;
constexpr std::size_t kMessageBytesMax = 300;

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

ErrorCode error_code_of(long status, const std::string& reason) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::kDenied;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return reason == "AlreadyExists" ? ErrorCode::kExists : ErrorCode::kConflict;
    case 410:
      return ErrorCode::kExpired;
    case 504:
      return ErrorCode::kTimeout;
    default:
      break;
  }
  // Before a server is ready, and when it is overloaded, it answers 429 or 5xx.
  return status == 429 || status >= 500 ? ErrorCode::kUnavailable : ErrorCode::kInvalid;
}

void add_type(Json& object, const Kind& kind) {
  object["apiVersion"] = kind.api_version();
  object["kind"] = kind.kind;
}

}  // namespace

Error answer_error(const std::string& what, const HttpAnswer& answer) {
  if (answer.end == HttpAnswer::End::kTimeout)
    return {ErrorCode::kTimeout, what + ": no answer in time"};
  if (answer.end != HttpAnswer::End::kComplete)
    return {ErrorCode::kUnavailable, what + ": " + answer.reason};
  std::string reason, message = answer.body.substr(0, kMessageBytesMax);
  if (const auto status = parse_json(answer.body); status && status->is_object()) {
    reason = text_or(*status, {"reason"});
    message = text_or(*status, {"message"}).substr(0, kMessageBytesMax);
  }
  return {
      error_code_of(answer.status, reason),
      what + ": HTTP " + std::to_string(answer.status) + " " + reason + ": " + message};
}

Result<std::unique_ptr<Cluster>> ApiCluster::open(ApiAccess access, const ClusterOptions& options) {
  RAVEN_ASSIGN(auto loop, HttpLoop::open(std::move(access), options.user_agent));
  return std::unique_ptr<Cluster>{new ApiCluster{std::move(loop), options}};
}

WatchId ApiCluster::watch(WatchSpec spec) {
  assert(!on_change_);
  reflectors_.push_back(
      std::make_unique<Reflector>(std::move(spec), options_.watch_timeout, random_seed())
  );
  return WatchId{static_cast<uint32_t>(reflectors_.size() - 1)};
}

Status ApiCluster::start(std::function<void()> on_change) {
  assert(!on_change_);
  on_change_ = std::move(on_change);
  for (const auto& reflector : reflectors_)
    loop_->post([this, &reflector = *reflector] { request_next(reflector); });
  return {};
}

void ApiCluster::request_next(Reflector& reflector) {
  const Reflector::Request next = reflector.begin(BootClock::now());
  HttpRequest request;
  request.target = next.target;
  request.timeout = next.timeout;
  if (next.is_watch) {
    auto splitter = std::make_shared<LineSplitter>(kWatchLineBytesMax);
    request.on_chunk = [this, &reflector, splitter](std::string_view chunk) {
      const uint64_t before = reflector.revision();
      const bool usable = splitter->feed(chunk, [&](std::string_view line) {
        return reflector.on_line(line, BootClock::now());
      });
      if (reflector.revision() != before) on_change_();
      return usable;
    };
  }
  loop_->send(std::move(request), [this, &reflector](HttpAnswer answer) {
    if (answer.end == HttpAnswer::End::kStopped) return;
    const uint64_t before = reflector.revision();
    const auto pause = reflector.on_done(answer, BootClock::now());
    if (reflector.revision() != before) on_change_();
    loop_->after(pause, [this, &reflector] { request_next(reflector); });
  });
}

bool ApiCluster::synced() const {
  for (const auto& reflector : reflectors_)
    if (!reflector->synced()) return false;
  return true;
}

Snapshot ApiCluster::snapshot(WatchId id) const {
  return reflectors_.at(id.value())->snapshot();
}

ClusterHealth ApiCluster::health() const {
  ClusterHealth health;
  health.synced = synced();
  health.requests = requests_.load(std::memory_order_relaxed);
  bool all_heard = true;
  for (const auto& reflector : reflectors_) {
    const Reflector::Status status = reflector->status();
    health.lists += status.lists;
    health.watches += status.watches;
    health.expirations += status.expirations;
    health.errors += status.errors;
    if (!status.last_error.empty()) health.last_error = status.last_error;
    all_heard = all_heard && status.last_contact.has_value();
    if (status.last_contact &&
        (!health.last_contact || *status.last_contact < *health.last_contact))
      health.last_contact = status.last_contact;
  }
  if (!all_heard) health.last_contact.reset();
  return health;
}

Result<Json> ApiCluster::call(
    const std::string& what, HttpRequest request, RequestOptions options
) {
  assert(!loop_->is_loop_thread());
  request.timeout = options.timeout.count() > 0 ? options.timeout : options_.request_timeout;
  requests_.fetch_add(1, std::memory_order_relaxed);
  // Shared: the loop may still be inside set_value() when the wait is over.
  auto promise = std::make_shared<std::promise<HttpAnswer>>();
  auto future = promise->get_future();
  loop_->send(std::move(request), [promise](HttpAnswer answer) {
    promise->set_value(std::move(answer));
  });
  const HttpAnswer answer = future.get();
  if (answer.end != HttpAnswer::End::kComplete || answer.status < 200 || answer.status > 299)
    return answer_error(what, answer);
  auto object = parse_json(answer.body);
  if (!object) return std::move(object).error().with(what);
  return object;
}

Result<Json> ApiCluster::get(const Kind& kind, const ObjectName& name, RequestOptions options) {
  HttpRequest request;
  request.target = object_path(kind, name);
  return call("get " + kind.plural + " " + name.key(), std::move(request), options);
}

Result<Json> ApiCluster::create(const Kind& kind, Json object, RequestOptions options) {
  add_type(object, kind);
  const ObjectName name = object_name(object);
  HttpRequest request;
  request.method = "POST";
  request.target = collection_path(kind, name.name_space);
  request.content_type = "application/json";
  request.body = dump_json(object);
  return call("create " + kind.plural + " " + name.key(), std::move(request), options);
}

Result<Json> ApiCluster::update(const Kind& kind, Json object, RequestOptions options) {
  add_type(object, kind);
  const ObjectName name = object_name(object);
  const std::string what = "update " + kind.plural + " " + name.key();
  if (resource_version(object).empty())
    return Error{ErrorCode::kInvalid, what + ": metadata.resourceVersion is missing"};
  HttpRequest request;
  request.method = "PUT";
  request.target = object_path(kind, name);
  request.content_type = "application/json";
  request.body = dump_json(object);
  return call(what, std::move(request), options);
}

Result<Json> ApiCluster::patch(
    const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions options
) {
  HttpRequest request;
  request.method = "PATCH";
  request.target = object_path(kind, name);
  request.content_type = "application/merge-patch+json";
  request.body = dump_json(merge_patch);
  return call("patch " + kind.plural + " " + name.key(), std::move(request), options);
}

Result<Json> ApiCluster::patch_status(
    const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions options
) {
  HttpRequest request;
  request.method = "PATCH";
  request.target = object_path(kind, name) + "/status";
  request.content_type = "application/merge-patch+json";
  request.body = dump_json(merge_patch);
  return call("patch status of " + kind.plural + " " + name.key(), std::move(request), options);
}

Status ApiCluster::remove(const Kind& kind, const ObjectName& name, RequestOptions options) {
  HttpRequest request;
  request.method = "DELETE";
  request.target = object_path(kind, name);
  const auto removed =
      call("delete " + kind.plural + " " + name.key(), std::move(request), options);
  if (!removed) return removed.error();
  return {};
}

}  // namespace raven::kube
