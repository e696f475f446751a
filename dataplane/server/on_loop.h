// on_loop: work on the thread of the loop, waited for by another thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>

#include "common/event/loop.h"

namespace raven::dataplane {

// What `work` returns; nothing: `give_up` said so first (the work may still run later, so it must
// not refer to the caller's variables).  `give_up` is called from time to time.
template <class Work, class GiveUp>
auto on_loop(event::Loop& loop, Work work, GiveUp give_up) -> std::optional<decltype(work())> {
  using Value = decltype(work());
  const auto done = std::make_shared<std::promise<Value>>();
  std::future<Value> value = done->get_future();
  loop.post([done, work = std::move(work)]() mutable { done->set_value(work()); });
  while (value.wait_for(std::chrono::milliseconds{50}) != std::future_status::ready)
    if (give_up()) return std::nullopt;
  return value.get();
}

// With a deadline.
template <class Work>
auto on_loop(event::Loop& loop, Work work) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  return on_loop(loop, std::move(work), [deadline] {
    return std::chrono::steady_clock::now() >= deadline;
  });
}

}  // namespace raven::dataplane
