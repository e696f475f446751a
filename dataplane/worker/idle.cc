// Idle: spinning and sleeping.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/idle.h"

#include <rte_cycles.h>
#include <rte_pause.h>
#include <sys/prctl.h>

#include <algorithm>

namespace raven::dataplane {
namespace {

constexpr uint64_t kSpinUs = 20;
constexpr uint32_t kNapMinUs = 50;
constexpr uint32_t kNapMaxUs = 1000;
constexpr uint32_t kSleepMaxUs = 50000;  // the watchdog wants to see the loop move each 100 ms
constexpr unsigned long kTimerSlackNs = 1000;

}  // namespace

Idle::Idle(
    IdleMode mode, WorkerId worker, std::span<const std::unique_ptr<Port>> ports, Mailbox& mailbox,
    Quiescence& quiescence
)
    : mode_{mode},
      worker_{worker},
      mailbox_{mailbox},
      quiescence_{quiescence},
      spin_cycles_{rte_get_tsc_hz() / 1000000 * kSpinUs} {
  fds_.push_back({.fd = mailbox.bell_fd(), .events = POLLIN, .revents = 0});
  for (const std::unique_ptr<Port>& port : ports) {
    if (!port->serves(worker.value())) continue;
    const int fd = port->wait_fd(worker.value());
    if (fd >= 0)
      fds_.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    else
      all_ports_wake_ = false;
  }
}

void Idle::prepare_thread() const {
  prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
}

void Idle::after(uint32_t packets) {
  if (packets > 0) {
    idle_since_ = 0;
    nap_us_ = kNapMinUs;
    return;
  }
  const uint64_t now = rte_rdtsc();
  if (idle_since_ == 0) idle_since_ = now;
  if (mode_ == IdleMode::kPoll || now - idle_since_ < spin_cycles_) return rte_pause();
  sleep();
}

void Idle::sleep() {
  const uint32_t duration_us = all_ports_wake_ ? kSleepMaxUs : nap_us_;
  nap_us_ = std::min(nap_us_ * 2, kNapMaxUs);
  const timespec duration{duration_us / 1000000, (duration_us % 1000000) * 1000L};
  if (mailbox_.arm()) {
    quiescence_.offline(worker_);
    // An error (a socket that went away) is like a wake-up: the loop looks at the ports.
    ppoll(fds_.data(), fds_.size(), &duration, nullptr);
    quiescence_.online(worker_);
  }
  mailbox_.disarm();
}

}  // namespace raven::dataplane
