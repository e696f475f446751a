// EventRecorder: Kubernetes Events, for people who look with kubectl.  Best effort: bounded,
// rate-limited, repeated events increment a count; never waits for the server.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: record() from any thread, returns at once.  Requests are made by its own thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/kube/cluster.h"

namespace raven::kube {

enum class EventType { kNormal, kWarning };

// The object that an event is about.
struct EventSubject {
  Kind kind;
  ObjectName name;
  std::string uid;

  static EventSubject of(const Kind& kind, const Json& object);
};

struct EventCounters {
  uint64_t sent = 0;
  uint64_t dropped = 0;  // queue full or over the rate
  uint64_t failed = 0;   // refused or not answered
};

class EventRecorder {
 public:
  // component: "raven-controller"; instance: the node or pod name.
  EventRecorder(Cluster& cluster, std::string component, std::string instance);
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  // reason: one CamelCase word; message: one line.  The same event again within ten minutes counts
  // up the first one.
  void record(EventSubject subject, EventType type, std::string reason, std::string message);
  EventCounters counters() const;
  // Waits until all that was recorded has been tried; for tests and orderly ends.
  bool flush(std::chrono::milliseconds timeout);

 private:
  struct Entry {
    EventSubject subject;
    EventType type;
    std::string reason;
    std::string message;
  };
  struct Sent {
    ObjectName name;
    int64_t count = 0;
    Instant last;
  };
  void run();
  bool admit(Instant now);
  void send(const Entry& entry);
  Json make_event(const Entry& entry, const ObjectName& name) const;

  Cluster& cluster_;
  const std::string component_;
  const std::string instance_;
  std::map<std::string, Sent> sent_;  // recorder's thread only
  uint64_t serial_ = 0;               // recorder's thread only
  std::atomic<uint64_t> sent_count_{0};
  std::atomic<uint64_t> dropped_count_{0};
  std::atomic<uint64_t> failed_count_{0};
  mutable std::mutex mutex_;  // guards queue_, busy_, tokens_, refilled_at_, stopping_
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::deque<Entry> queue_;
  bool busy_ = false;
  bool stopping_ = false;
  double tokens_;
  Instant refilled_at_;
  std::thread thread_;
};

}  // namespace raven::kube
