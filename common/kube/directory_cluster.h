// DirectoryCluster: a Cluster that is a directory of manifests (see manifest_folder.h), watched by
// inotify.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/unique_fd.h"
#include "common/kube/cluster.h"
#include "common/kube/manifest_folder.h"

namespace raven::kube {

// Does an object have these labels?  "key=value,key2": equality and existence, all must hold.
bool matches_selector(const Json& object, std::string_view label_selector);

class DirectoryCluster final : public Cluster {
 public:
  // kNotFound when there is no such directory.  Reading creates nothing; writing the first object
  // of a kind creates the folder of the kind.
  static Result<std::unique_ptr<Cluster>> open(const std::string& path);
  ~DirectoryCluster() override { stop(); }

  WatchId watch(WatchSpec spec) override;
  Status start(std::function<void()> on_change) override;
  void stop() override;

  bool synced() const override { return synced_.load(std::memory_order_acquire); }
  Snapshot snapshot(WatchId id) const override;
  ClusterHealth health() const override;

  Result<Json> get(const Kind& kind, const ObjectName& name, RequestOptions options) override;
  Result<Json> create(const Kind& kind, Json object, RequestOptions options) override;
  Result<Json> update(const Kind& kind, Json object, RequestOptions options) override;
  Result<Json> patch(
      const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions options
  ) override;
  Result<Json> patch_status(
      const Kind& kind, const ObjectName& name, const Json& merge_patch, RequestOptions options
  ) override;
  Status remove(const Kind& kind, const ObjectName& name, RequestOptions options) override;

 private:
  struct View {
    WatchSpec spec;
    Snapshot snapshot = std::make_shared<const Objects>();
  };

  DirectoryCluster(std::string path, UniqueFd inotify, UniqueFd wake);
  Status watch_folder(const std::string& folder, uint32_t events);
  Status watch_kinds();
  void run();
  bool drain_events();
  bool refresh();

  const std::string path_;
  const UniqueFd inotify_;
  const UniqueFd wake_;  // eventfd: stop
  std::function<void()> on_change_;
  std::atomic<bool> synced_{false};
  std::atomic<uint64_t> requests_{0};
  std::mutex folder_mutex_;  // guards folder_; taken before mutex_
  ManifestFolder folder_;
  mutable std::mutex mutex_;  // guards views_, problem_, scans_, errors_
  std::vector<View> views_;
  std::string problem_;
  uint64_t scans_ = 0;
  uint64_t errors_ = 0;
  std::thread thread_;
};

}  // namespace raven::kube
