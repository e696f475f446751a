// Inbox: the ring through which others give packets to a worker, and the bell that wakes it.
// SPDX-License-Identifier: Apache-2.0
//
// Senders: other workers (SA handover), the kernel bridge, control (probes).  A packet's
// Meta::entry says where it enters the pipeline.  Never blocks: a full ring refuses.
// Threading: send() by any thread, receive() and the waiting side by the owner.
#pragma once

#include <rte_mbuf.h>

#include <atomic>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

struct rte_ring;

namespace raven::dataplane {

class Inbox {
 public:
  static Result<std::unique_ptr<Inbox>> create(const std::string& name, unsigned size);
  ~Inbox();  // frees what is left
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // False: full, the packet still belongs to the caller.  Makes a system call only if the owner
  // sleeps.
  bool send(rte_mbuf* packet);

  // Owner.
  unsigned receive(rte_mbuf** packets, unsigned count);
  bool empty() const;
  int bell_fd() const { return bell_.get(); }
  // Before sleeping: from now on send() rings.  The owner looks at empty() once more afterwards.
  void arm();
  void disarm();
  // Wakes the owner without a packet (stop).
  void ring_bell();

 private:
  Inbox() = default;
  rte_ring* ring_ = nullptr;
  UniqueFd bell_;
  std::atomic<bool> armed_{false};
};

}  // namespace raven::dataplane
