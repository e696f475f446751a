// Reflector: keeps a copy of one kind of objects by list and watch.  The protocol without the I/O:
// it says what to ask next and takes in what came back.
// SPDX-License-Identifier: Apache-2.0
//
// List (paged, consistent), then watch from the list's version; after a clean end the watch
// continues from the last version seen; "expired" (410) starts a new list.  A new list replaces the
// copy in one step: what is missing from it is gone, and nothing is gone before it is complete.
// Versions are opaque: kept, never compared.
//
// Threading: begin(), on_line(), on_done() from one thread; snapshot(), synced(), status() from
// any.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/kube/backoff.h"
#include "common/kube/cluster.h"
#include "common/kube/http_loop.h"

namespace raven::kube {

class Reflector {
 public:
  Reflector(WatchSpec spec, std::chrono::milliseconds watch_timeout, uint64_t seed);

  struct Request {
    bool is_watch = false;
    std::string target;
    std::chrono::milliseconds timeout{0};
  };
  // The next request; exactly one is under way at a time.
  Request begin(Instant now);
  // A line of a watch's answer.  False: the stream cannot be used any further.
  bool on_line(std::string_view line, Instant now);
  // The request has ended.  Returns how long to wait before the next one.
  std::chrono::milliseconds on_done(const HttpAnswer& answer, Instant now);

  bool synced() const;
  Snapshot snapshot() const;
  // Counts changes of the copy.
  uint64_t revision() const;

  struct Status {
    std::optional<Instant> last_contact;
    std::string last_error;
    uint64_t lists = 0;
    uint64_t watches = 0;
    uint64_t expirations = 0;
    uint64_t errors = 0;
  };
  Status status() const;
  const WatchSpec& spec() const { return spec_; }

 private:
  std::string list_target() const;
  std::string watch_target(std::chrono::milliseconds timeout) const;
  std::chrono::milliseconds on_list_done(const HttpAnswer& answer);
  std::chrono::milliseconds on_kind_missing();
  std::chrono::milliseconds on_watch_done(const HttpAnswer& answer, Instant now);
  raven::Status take_page(const std::string& body);
  void complete_list();
  bool take_event(std::string_view type, const Json& object);
  void on_error_event(const Json& status);
  void store(Json object);
  void erase(const Json& object);
  std::chrono::milliseconds fail(const std::string& what, const HttpAnswer& answer);
  std::chrono::milliseconds expire();
  void relist();

  const WatchSpec spec_;
  const std::chrono::milliseconds watch_timeout_;
  std::mt19937_64 random_;
  Backoff backoff_;
  // Of the request under way.
  Instant began_at_{};
  bool is_watch_ = false;
  unsigned events_ = 0;
  bool expired_ = false;  // the stream said 410
  std::string refusal_;   // the stream cannot be trusted: why
  // Of the list under way.
  Objects page_objects_;
  std::string list_version_;
  std::string continue_token_;

  std::string version_;       // where to watch from; empty: list first
  mutable std::mutex mutex_;  // guards all below
  Objects objects_;
  mutable Snapshot snapshot_;  // of objects_; null: to be made anew
  bool synced_ = false;
  uint64_t revision_ = 0;
  Status status_;
};

}  // namespace raven::kube
