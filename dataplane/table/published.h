// Published<T>: an immutable object that control replaces as a whole while workers read it.
// SPDX-License-Identifier: Apache-2.0
//
// read() is valid until the worker's next quiescent point.  publish() swaps and leaves the old
// object to Quiescence; it never waits.
#pragma once

#include <atomic>
#include <memory>

#include "dataplane/table/quiescence.h"

namespace raven::dataplane {

template <class T>
class Published {
 public:
  explicit Published(std::unique_ptr<const T> first) : live_{first.release()} {}
  ~Published() { delete live_.load(std::memory_order_relaxed); }
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;

  // Null only if control published that.
  const T* read() const { return live_.load(std::memory_order_acquire); }

  // Control thread only.
  void publish(std::unique_ptr<const T> next, Quiescence& quiescence) {
    const T* old = live_.exchange(next.release(), std::memory_order_acq_rel);
    quiescence.defer([old] { delete old; });
  }

 private:
  std::atomic<const T*> live_;  // worker: ro   control: rw
};

}  // namespace raven::dataplane
