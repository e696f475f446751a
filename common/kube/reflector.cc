// SPDX-License-Identifier: Apache-2.0
#include "common/kube/reflector.h"

#include "common/base/log.h"
#include "common/kube/json_value.h"
#include "common/kube/url.h"

namespace raven::kube {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kListTimeout{30'000};
// After the time the server was asked to end a watch.
constexpr milliseconds kWatchGrace{10'000};
// A watch that ends sooner without a word is treated as an error, or it would be asked in a loop.
constexpr std::chrono::seconds kWatchLifeMin{1};
constexpr milliseconds kMissingKindPause{60'000};
constexpr unsigned kListPageSize = 500;
constexpr milliseconds kRetryAfterMax{60'000};
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// Cuts what nobody reads and what is large; adds what list items lack.
void trim(Json& object, const Kind& kind) {
  object["apiVersion"] = kind.api_version();
  object["kind"] = kind.kind;
  Json& metadata = object["metadata"];
  metadata.erase("managedFields");
  if (auto annotations = metadata.find("annotations");
      annotations != metadata.end() && annotations->is_object())
    annotations->erase(std::string{kLastApplied});
  if (auto status = object.find("status"); status != object.end() && status->is_object())
    status->erase("images");  // of nodes
}

}  // namespace

Reflector::Reflector(WatchSpec spec, milliseconds watch_timeout, uint64_t seed)
    : spec_{std::move(spec)}, watch_timeout_{watch_timeout}, random_{seed}, backoff_{seed + 1} {}

Reflector::Request Reflector::begin(Instant now) {
  began_at_ = now;
  events_ = 0;
  expired_ = false;
  refusal_.clear();
  is_watch_ = !version_.empty();
  const std::lock_guard lock{mutex_};
  if (!is_watch_) return {false, list_target(), kListTimeout};
  ++status_.watches;
  // Spread, so that many watches do not end together.
  const double factor = std::uniform_real_distribution<double>{0.9, 1.1}(random_);
  const milliseconds timeout{
      static_cast<int64_t>(static_cast<double>(watch_timeout_.count()) * factor)};
  return {true, watch_target(timeout), timeout + kWatchGrace};
}

std::string Reflector::list_target() const {
  std::string target =
      collection_path(spec_.kind, spec_.name_space) + "?limit=" + std::to_string(kListPageSize);
  if (!spec_.name.empty()) target += "&fieldSelector=" + url_escape("metadata.name=" + spec_.name);
  if (!spec_.label_selector.empty()) target += "&labelSelector=" + url_escape(spec_.label_selector);
  if (!continue_token_.empty()) target += "&continue=" + url_escape(continue_token_);
  return target;
}

std::string Reflector::watch_target(milliseconds timeout) const {
  std::string target = collection_path(spec_.kind, spec_.name_space) +
                       "?watch=1&allowWatchBookmarks=true&timeoutSeconds=" +
                       std::to_string(std::max<int64_t>(1, timeout.count() / 1000)) +
                       "&resourceVersion=" + url_escape(version_);
  if (!spec_.name.empty()) target += "&fieldSelector=" + url_escape("metadata.name=" + spec_.name);
  if (!spec_.label_selector.empty()) target += "&labelSelector=" + url_escape(spec_.label_selector);
  return target;
}

bool Reflector::on_line(std::string_view line, Instant now) {
  {
    const std::lock_guard lock{mutex_};
    status_.last_contact = now;
    status_.last_error.clear();
  }
  auto event = parse_json(line);
  if (!event) {
    refusal_ = event.error().message;
    return false;
  }
  const auto type = find_text(*event, {"type"});
  const auto object = event->is_object() ? event->find("object") : event->end();
  if (!type || object == event->end() || !object->is_object()) {
    refusal_ = "event without type or object";
    return false;
  }
  ++events_;
  if (*type == "ERROR") {
    on_error_event(*object);
    return false;
  }
  return take_event(*type, *object);
}

void Reflector::on_error_event(const Json& status) {
  expired_ = find_integer(status, {"code"}) == 410 || text_or(status, {"reason"}) == "Expired";
  if (!expired_) refusal_ = text_or(status, {"message"}, "error without a message");
}

bool Reflector::take_event(std::string_view type, const Json& object) {
  const std::string version = resource_version(object);
  if (version.empty() || (type != "BOOKMARK" && object_name(object).name.empty())) {
    refusal_ = std::string{type} + " without name or resourceVersion";
    return false;
  }
  if (type == "ADDED" || type == "MODIFIED") {
    store(object);
  } else if (type == "DELETED") {
    erase(object);
  } else if (type != "BOOKMARK") {
    refusal_ = "event of unknown type \"" + std::string{type} + "\"";
    return false;
  }
  version_ = version;
  return true;
}

void Reflector::store(Json object) {
  trim(object, spec_.kind);
  const std::string key = object_name(object).key();
  const std::lock_guard lock{mutex_};
  objects_[key] = std::make_shared<const Json>(std::move(object));
  snapshot_ = nullptr;
  ++revision_;
}

void Reflector::erase(const Json& object) {
  const std::lock_guard lock{mutex_};
  if (objects_.erase(object_name(object).key()) == 0) return;  // folded add and delete
  snapshot_ = nullptr;
  ++revision_;
}

milliseconds Reflector::on_done(const HttpAnswer& answer, Instant now) {
  const bool missing = answer.status == 404 && spec_.may_be_missing;
  if (answer.end == HttpAnswer::End::kComplete && (answer.status == 200 || missing)) {
    const std::lock_guard lock{mutex_};
    status_.last_contact = now;
  }
  return is_watch_ ? on_watch_done(answer, now) : on_list_done(answer);
}

milliseconds Reflector::on_list_done(const HttpAnswer& answer) {
  // The token of the next page has expired: start over at once, without it.
  if (answer.status == 410 && !continue_token_.empty()) return expire();
  if (answer.status == 404 && spec_.may_be_missing) return on_kind_missing();
  if (answer.end != HttpAnswer::End::kComplete || answer.status != 200) {
    relist();
    return fail("list", answer);
  }
  if (raven::Status taken = take_page(answer.body); !taken) {
    relist();
    HttpAnswer unreadable = answer;
    unreadable.reason = taken.error().message;
    return fail("list", unreadable);
  }
  if (continue_token_.empty()) complete_list();
  return milliseconds{0};
}

milliseconds Reflector::on_kind_missing() {
  relist();
  const std::lock_guard lock{mutex_};
  if (!std::exchange(synced_, true)) {
    log::info("kube", "the server does not know {}", spec_.kind.plural);
    ++revision_;
  }
  status_.last_error.clear();
  return kMissingKindPause;
}

raven::Status Reflector::take_page(const std::string& body) {
  RAVEN_ASSIGN(Json page, parse_json(body));
  const std::string version = resource_version(page);
  if (version.empty()) return Error{ErrorCode::kInvalid, "list without resourceVersion"};
  // Null is how Go writes an empty list.
  if (const auto items = page.find("items"); items != page.end() && items->is_array()) {
    for (Json& item : *items) {
      const std::string key = object_name(item).key();
      if (key.empty()) return Error{ErrorCode::kInvalid, "list item without a name"};
      trim(item, spec_.kind);
      page_objects_[key] = std::make_shared<const Json>(std::move(item));
    }
  }
  list_version_ = version;
  continue_token_ = text_or(page, {"metadata", "continue"});
  return {};
}

void Reflector::complete_list() {
  version_ = std::exchange(list_version_, {});
  backoff_.reset();
  const std::lock_guard lock{mutex_};
  objects_ = std::exchange(page_objects_, {});
  snapshot_ = nullptr;
  synced_ = true;
  ++revision_;
  ++status_.lists;
  status_.last_error.clear();
}

milliseconds Reflector::on_watch_done(const HttpAnswer& answer, Instant now) {
  if (expired_ || answer.status == 410) return expire();
  if (!refusal_.empty()) {
    relist();
    HttpAnswer refused = answer;
    refused.reason = refusal_;
    return fail("watch", refused);
  }
  const bool lived = answer.status == 200 && (events_ > 0 || now - began_at_ >= kWatchLifeMin);
  if (lived) backoff_.reset();
  if (answer.end == HttpAnswer::End::kComplete && lived) {
    const std::lock_guard lock{mutex_};
    status_.last_error.clear();
    return milliseconds{0};
  }
  // Watch on from the same version: nothing is known to be lost.
  HttpAnswer failed = answer;
  if (answer.end == HttpAnswer::End::kComplete && answer.status == 200)
    failed.reason = "the server ended it immediately";
  return fail("watch", failed);
}

milliseconds Reflector::expire() {
  relist();
  const std::lock_guard lock{mutex_};
  ++status_.expirations;
  // The first time at once; a server that says so again and again is an error.
  return backoff_.next() / 8;
}

void Reflector::relist() {
  version_.clear();
  continue_token_.clear();
  page_objects_.clear();
}

milliseconds Reflector::fail(const std::string& what, const HttpAnswer& answer) {
  std::string text = what + " " + spec_.kind.plural + ": ";
  if (answer.end == HttpAnswer::End::kComplete && answer.reason.empty()) {
    text += "HTTP " + std::to_string(answer.status);
    if (const auto status = parse_json(answer.body)) text += ": " + text_or(*status, {"message"});
  } else {
    text += answer.reason;
  }
  const milliseconds pause = answer.retry_after
                                 ? std::min<milliseconds>(*answer.retry_after, kRetryAfterMax)
                                 : milliseconds{0};
  const std::lock_guard lock{mutex_};
  ++status_.errors;
  if (status_.last_error != text) log::warning("kube", "{}; trying again", text);
  status_.last_error = text;
  return std::max(pause, backoff_.next());
}

bool Reflector::synced() const {
  const std::lock_guard lock{mutex_};
  return synced_;
}

Snapshot Reflector::snapshot() const {
  const std::lock_guard lock{mutex_};
  if (snapshot_ == nullptr) snapshot_ = std::make_shared<const Objects>(objects_);
  return snapshot_;
}

uint64_t Reflector::revision() const {
  const std::lock_guard lock{mutex_};
  return revision_;
}

Reflector::Status Reflector::status() const {
  const std::lock_guard lock{mutex_};
  return status_;
}

}  // namespace raven::kube
