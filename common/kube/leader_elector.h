// LeaderElector: runs an Election against a cluster in its own thread.
// SPDX-License-Identifier: Apache-2.0
//
// Check leads() right before each write: it turns false by time alone, also while a request hangs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "common/kube/election.h"

namespace raven::kube {

class LeaderElector {
 public:
  // `cluster` must outlive it.  on_change(leads) comes from the elector's thread, once for each
  // change, and must return at once.
  LeaderElector(
      Cluster& cluster, ObjectName lease, ElectionConfig config,
      std::function<void(bool leads)> on_change
  );
  ~LeaderElector();
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  void start();
  // Stops and, when leading, releases the lease (one request).  Idempotent.
  void stop();

  bool leads() const;
  int64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  std::string leader() const;

 private:
  void run();
  Election::Event carry_out(const Election::Action& action);
  Election::Event read();
  Election::Event write(const LeaseRecord& record);
  std::chrono::milliseconds request_timeout() const;
  void publish();
  void wait_until(Instant until);
  void release();

  Cluster& cluster_;
  const ObjectName lease_;
  const ElectionConfig config_;
  const std::function<void(bool)> on_change_;
  Election election_;                       // elector's thread only
  bool reported_ = false;                   // elector's thread only
  std::atomic<int64_t> valid_until_ns_{0};  // 0: not leading
  std::atomic<int64_t> epoch_{0};
  mutable std::mutex mutex_;  // guards stopping_, leader_
  std::condition_variable wake_;
  bool stopping_ = false;
  std::string leader_;
  std::thread thread_;
};

}  // namespace raven::kube
