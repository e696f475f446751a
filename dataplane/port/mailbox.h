// Mailbox: a ring through which any thread gives packets to one owner, and a bell that wakes it.
// SPDX-License-Identifier: Apache-2.0
//
// A worker's mailbox takes packets of other workers (SA handover), of the kernel bridge and of
// control (probes): Meta::entry says where they enter the pipeline.  The kernel bridge's takes
// those of workers: Meta::port says which interface they are for.  Never blocks: a full ring
// refuses.
// Threading: send() and ring_bell() by any thread, the rest by the owner.
#pragma once

#include <rte_mbuf.h>

#include <atomic>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

struct rte_ring;

namespace raven::dataplane {

class Mailbox {
 public:
  static Result<std::unique_ptr<Mailbox>> create(const std::string& name, unsigned size);
  ~Mailbox();  // frees what is left
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // False: full, the packet still belongs to the caller.  Makes a system call only if the owner
  // sleeps.
  bool send(rte_mbuf* packet);

  unsigned receive(rte_mbuf** packets, unsigned count);
  bool empty() const;
  int bell_fd() const { return bell_.get(); }
  // Before sleeping on bell_fd(): from now on send() rings.  False: packets are there already, do
  // not sleep.
  bool arm();
  // After sleeping, also if arm() returned false.
  void disarm();
  // Wakes the owner without a packet.
  void ring_bell();

 private:
  Mailbox() = default;
  rte_ring* ring_ = nullptr;
  UniqueFd bell_;
  std::atomic<bool> armed_{false};
};

}  // namespace raven::dataplane
