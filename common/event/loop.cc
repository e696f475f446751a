// SPDX-License-Identifier: Apache-2.0
#include "common/event/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <cassert>
#include <cerrno>

namespace raven::event {

Loop::Loop()
    : epoll_{epoll_create1(EPOLL_CLOEXEC)}, wakeup_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  add_reader(wakeup_.get(), [this] {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t n = ::read(wakeup_.get(), &count, sizeof(count));
  });
}

Loop::~Loop() = default;

void Loop::add_reader(int fd, std::function<void()> ready) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  const int operation = readers_.contains(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  [[maybe_unused]] const int rc = epoll_ctl(epoll_.get(), operation, fd, &event);
  assert(rc == 0);
  readers_[fd] = std::move(ready);
}

void Loop::remove_reader(int fd) {
  if (readers_.erase(fd) != 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

TimerId Loop::add_timer(std::chrono::nanoseconds delay, Timer timer) {
  const TimerId id = next_timer_++;
  const Instant due = BootClock::now() + delay;
  timers_.emplace(id, std::move(timer));
  due_.emplace(id, due);
  deadlines_.emplace(Deadline{due, id}, id);
  return id;
}

TimerId Loop::call_after(std::chrono::nanoseconds delay, std::function<void()> expired) {
  return add_timer(delay, {std::chrono::nanoseconds{0}, std::move(expired)});
}

TimerId Loop::call_every(std::chrono::nanoseconds period, std::function<void()> expired) {
  assert(period.count() > 0);
  return add_timer(period, {period, std::move(expired)});
}

void Loop::cancel(TimerId timer) {
  if (const auto due = due_.find(timer); due != due_.end()) {
    deadlines_.erase({due->second, timer});
    due_.erase(due);
  }
  timers_.erase(timer);
}

void Loop::post(std::function<void()> work) {
  {
    const std::lock_guard lock{mutex_};
    posted_.push_back(std::move(work));
  }
  wake();
}

void Loop::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake();
}

void Loop::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wakeup_.get(), &one, sizeof(one));
}

void Loop::run_posted() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock{mutex_};
    work.swap(posted_);
  }
  for (auto& item : work) item();
}

void Loop::run_timers() {
  const Instant now = BootClock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first.first <= now) {
    const TimerId id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    due_.erase(id);
    Timer& timer = timers_.at(id);
    if (timer.period.count() == 0) {
      const auto expired = std::move(timer.expired);
      timers_.erase(id);
      expired();
      continue;
    }
    due_.emplace(id, now + timer.period);
    deadlines_.emplace(Deadline{now + timer.period, id}, id);
    const auto expired = timer.expired;  // a copy: the callback may cancel its own timer
    expired();
  }
}

int Loop::wait_ms() const {
  if (deadlines_.empty()) return -1;
  const auto left = deadlines_.begin()->first.first - BootClock::now();
  if (left.count() <= 0) return 0;
  constexpr std::chrono::milliseconds kWaitMax{60'000};
  if (left > kWaitMax) return static_cast<int>(kWaitMax.count());
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
}

void Loop::run() {
  std::array<epoll_event, 32> events;
  for (;;) {
    run_posted();
    run_timers();
    {
      const std::lock_guard lock{mutex_};
      if (stopping_) break;
      if (!posted_.empty()) continue;
    }
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), wait_ms());
    for (int i = 0; i < count; ++i) {
      const auto reader = readers_.find(events[static_cast<std::size_t>(i)].data.fd);
      if (reader == readers_.end()) continue;  // removed by an earlier callback of this round
      const auto ready = reader->second;
      ready();
    }
  }
  const std::lock_guard lock{mutex_};
  stopping_ = false;
}

void Debounce::mark() {
  if (std::exchange(marked_, true)) return;
  loop_.call_after(quiet_, [this] {
    marked_ = false;
    work_();
  });
}

}  // namespace raven::event
