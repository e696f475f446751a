// Mailbox: rte_ring with many producers, and an eventfd.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/mailbox.h"

#include <rte_errno.h>
#include <rte_ring.h>
#include <sys/eventfd.h>

namespace raven::dataplane {

Result<std::unique_ptr<Mailbox>> Mailbox::create(const std::string& name, unsigned size) {
  std::unique_ptr<Mailbox> mailbox{new Mailbox};
  // RTS: where senders share CPUs, one that is preempted in the middle does not stop the others.
  mailbox->ring_ = rte_ring_create(
      name.c_str(), size, SOCKET_ID_ANY, RING_F_MP_RTS_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ
  );
  if (mailbox->ring_ == nullptr) return errno_error("create the ring " + name, rte_errno);
  mailbox->bell_ = UniqueFd{eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  if (!mailbox->bell_) return errno_error("create the eventfd of " + name, errno);
  return mailbox;
}

Mailbox::~Mailbox() {
  if (ring_ == nullptr) return;
  rte_mbuf* packet;
  while (receive(&packet, 1) == 1) rte_pktmbuf_free(packet);
  rte_ring_free(ring_);
}

bool Mailbox::send(rte_mbuf* packet) {
  if (rte_ring_enqueue(ring_, packet) != 0) return false;
  // Pairs with the fence in arm(): either we see armed_, or the owner sees the packet.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (armed_.load(std::memory_order_relaxed)) [[unlikely]]
    ring_bell();
  return true;
}

unsigned Mailbox::receive(rte_mbuf** packets, unsigned count) {
  return rte_ring_sc_dequeue_burst(ring_, reinterpret_cast<void**>(packets), count, nullptr);
}

bool Mailbox::empty() const {
  return rte_ring_empty(ring_) != 0;
}

bool Mailbox::arm() {
  armed_.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return empty();
}

void Mailbox::disarm() {
  armed_.store(false, std::memory_order_relaxed);
  eventfd_t rings;
  eventfd_read(bell_.get(), &rings);  // EAGAIN: nobody rang
}

void Mailbox::ring_bell() {
  // One ring is enough; fails only if the counter is full, and then the owner is awake anyway.
  armed_.store(false, std::memory_order_relaxed);
  eventfd_write(bell_.get(), 1);
}

}  // namespace raven::dataplane
