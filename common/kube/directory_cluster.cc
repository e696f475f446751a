// SPDX-License-Identifier: Apache-2.0
#include "common/kube/directory_cluster.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <cassert>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "common/base/log.h"
#include "common/kube/json_value.h"

namespace raven::kube {
namespace {

constexpr uint32_t kFolderEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
// Of the directory itself: the folder of a kind appears.
constexpr uint32_t kRootEvents = kFolderEvents | IN_CREATE;
// Bounds what a lost notification costs.
constexpr int kRescanMs = 30'000;

bool same_objects(const Objects& a, const Objects& b) {
  if (a.size() != b.size()) return false;
  for (auto x = a.begin(), y = b.begin(); x != a.end(); ++x, ++y)
    if (x->first != y->first || resource_version(*x->second) != resource_version(*y->second))
      return false;
  return true;
}

bool matches(const WatchSpec& spec, const Json& object) {
  const ObjectName name = object_name(object);
  return (spec.name_space.empty() || spec.name_space == name.name_space) &&
         (spec.name.empty() || spec.name == name.name) &&
         matches_selector(object, spec.label_selector);
}

}  // namespace

bool matches_selector(const Json& object, std::string_view label_selector) {
  const auto labels = string_map(object, {"metadata", "labels"});
  while (!label_selector.empty()) {
    const std::size_t comma = std::min(label_selector.find(','), label_selector.size());
    const std::string_view term = label_selector.substr(0, comma);
    label_selector.remove_prefix(std::min(comma + 1, label_selector.size()));
    const std::size_t equals = term.find('=');
    const auto label = labels.find(std::string{term.substr(0, equals)});
    if (label == labels.end()) return false;
    if (equals != std::string_view::npos && label->second != term.substr(equals + 1)) return false;
  }
  return true;
}

Result<std::unique_ptr<Cluster>> DirectoryCluster::open(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored))
    return Error{ErrorCode::kNotFound, "source dir:" + path + ": no such directory"};
  UniqueFd inotify{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  if (!inotify) return errno_error("inotify_init", errno);
  UniqueFd wake{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  if (!wake) return errno_error("eventfd", errno);
  return std::unique_ptr<Cluster>{new DirectoryCluster{path, std::move(inotify), std::move(wake)}};
}

DirectoryCluster::DirectoryCluster(std::string path, UniqueFd inotify, UniqueFd wake)
    : path_{std::move(path)},
      inotify_{std::move(inotify)},
      wake_{std::move(wake)},
      folder_{path_} {}

WatchId DirectoryCluster::watch(WatchSpec spec) {
  const std::lock_guard lock{mutex_};
  views_.push_back({std::move(spec)});
  return WatchId{static_cast<uint32_t>(views_.size() - 1)};
}

Status DirectoryCluster::watch_folder(const std::string& folder, uint32_t events) {
  if (::inotify_add_watch(inotify_.get(), folder.c_str(), events) < 0)
    return errno_error("watch " + folder, errno);
  return {};
}

// Those that are there.  Once more is no harm.
Status DirectoryCluster::watch_kinds() {
  for (const View& view : views_) {
    const Status watched = watch_folder(folder_.kind_folder(view.spec.kind), kFolderEvents);
    if (!watched.ok() && watched.error().code != ErrorCode::kNotFound) return watched;
  }
  return {};
}

Status DirectoryCluster::start(std::function<void()> on_change) {
  assert(!on_change_);
  on_change_ = std::move(on_change);
  RAVEN_TRY(watch_folder(path_, kRootEvents));
  RAVEN_TRY(watch_kinds());
  thread_ = std::thread{[this] { run(); }};
  return {};
}

void DirectoryCluster::stop() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
  if (thread_.joinable()) thread_.join();
}

void DirectoryCluster::run() {
  refresh();
  synced_.store(true, std::memory_order_release);
  on_change_();
  for (;;) {
    pollfd fds[] = {{wake_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
    const int ready = ::poll(fds, 2, kRescanMs);
    if (fds[0].revents != 0) return;
    if (ready < 0 && errno != EINTR)
      log::error("kube", "poll {}: {}", path_, std::generic_category().message(errno));
    const bool relevant = drain_events();
    if ((relevant || ready == 0) && refresh()) on_change_();
  }
}

// Reads all notifications; true when one of them is about a manifest or a folder of them.
bool DirectoryCluster::drain_events() {
  bool relevant = false;
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer, sizeof(buffer));
    if (size <= 0) return relevant;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      const std::string_view name{event->len > 0 ? event->name : ""};
      const bool created = (event->mask & IN_CREATE) != 0;  // a file is not written yet
      const bool folder = (event->mask & IN_ISDIR) != 0;
      relevant = relevant || folder || (name.ends_with(".yaml") && !created) ||
                 (event->mask & IN_Q_OVERFLOW) != 0;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
}

bool DirectoryCluster::refresh() {
  std::string problem;
  // Before reading, so that nothing is missed in between.
  if (const Status watched = watch_kinds(); !watched.ok()) problem = watched.error().message;
  bool changed = false;
  const std::lock_guard folder_lock{folder_mutex_};
  for (std::size_t i = 0; i < views_.size(); ++i) {  // views_ itself is fixed since start()
    const WatchSpec& spec = views_[i].spec;
    const ManifestFolder::Listing listing = folder_.list(spec.kind);
    if (!listing.problems.empty()) problem = listing.problems.front();
    auto objects = std::make_shared<Objects>();
    for (const auto& [key, object] : listing.objects)
      if (matches(spec, *object)) objects->emplace(key, object);
    const std::lock_guard lock{mutex_};
    if (same_objects(*views_[i].snapshot, *objects)) continue;
    views_[i].snapshot = std::move(objects);
    changed = true;
  }
  const std::lock_guard lock{mutex_};
  ++scans_;
  if (!problem.empty()) ++errors_;
  if (!problem.empty() && problem != problem_) log::warning("kube", "{}", problem);
  problem_ = std::move(problem);
  return changed;
}

Snapshot DirectoryCluster::snapshot(WatchId id) const {
  const std::lock_guard lock{mutex_};
  return views_.at(id.value()).snapshot;
}

ClusterHealth DirectoryCluster::health() const {
  ClusterHealth health;
  health.synced = synced();
  if (health.synced) health.last_contact = BootClock::now();  // a directory is always there
  health.requests = requests_.load(std::memory_order_relaxed);
  const std::lock_guard lock{mutex_};
  health.last_error = problem_;
  health.lists = scans_;
  health.errors = errors_;
  return health;
}

Result<Json> DirectoryCluster::get(const Kind& kind, const ObjectName& name, RequestOptions) {
  ++requests_;
  const std::lock_guard lock{folder_mutex_};
  return folder_.get(kind, name);
}

Result<Json> DirectoryCluster::create(const Kind& kind, Json object, RequestOptions) {
  ++requests_;
  const std::lock_guard lock{folder_mutex_};
  return folder_.create(kind, std::move(object));
}

Result<Json> DirectoryCluster::update(const Kind& kind, Json object, RequestOptions) {
  ++requests_;
  const std::lock_guard lock{folder_mutex_};
  return folder_.update(kind, std::move(object));
}

Result<Json> DirectoryCluster::patch(
    const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions
) {
  ++requests_;
  const std::lock_guard lock{folder_mutex_};
  return folder_.patch(kind, name, merge_patch, ManifestFolder::Part::kMain);
}

Result<Json> DirectoryCluster::patch_status(
    const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions
) {
  ++requests_;
  const std::lock_guard lock{folder_mutex_};
  return folder_.patch(kind, name, merge_patch, ManifestFolder::Part::kStatus);
}

Status DirectoryCluster::remove(const Kind& kind, const ObjectName& name, RequestOptions) {
  ++requests_;
  const std::lock_guard lock{folder_mutex_};
  return folder_.remove(kind, name);
}

}  // namespace raven::kube
