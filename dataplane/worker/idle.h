// Idle: what a worker does while there are no packets: spin, or sleep and wake on the first one.
// SPDX-License-Identifier: Apache-2.0
//
// poll: spins, for dedicated cores.  adaptive: spins for some 20 us, then sleeps on its mailbox's
// bell and on the sockets of its ports.  Ports without a socket are polled again after a sleep
// that grows from 50 us to 1 ms: nothing is lost as long as their queues hold 1 ms of traffic.
// Threading: the worker's thread.
#pragma once

#include <poll.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/port/mailbox.h"
#include "dataplane/port/port.h"
#include "dataplane/settings.h"
#include "dataplane/table/quiescence.h"

namespace raven::dataplane {

class Idle {
 public:
  Idle(
      IdleMode mode, WorkerId worker, std::span<const std::unique_ptr<Port>> ports,
      Mailbox& mailbox, Quiescence& quiescence
  );

  // In the worker's thread, before the loop: makes short sleeps precise.
  void prepare_thread() const;

  // After a loop that moved `packets`; may sleep, offline for Quiescence.
  void after(uint32_t packets);

 private:
  void sleep();

  const IdleMode mode_;
  const WorkerId worker_;
  Mailbox& mailbox_;
  Quiescence& quiescence_;
  std::vector<pollfd> fds_;  // the bell first
  bool all_ports_wake_ = true;
  uint64_t spin_cycles_;
  uint64_t idle_since_ = 0;  // TSC, 0: busy
  uint32_t nap_us_ = 0;
};

}  // namespace raven::dataplane
