// The thread of KernelBridge.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/kernel_bridge.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <array>

#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/wire.h"

namespace raven::dataplane {
namespace {

constexpr unsigned kMailboxSize = 4096;
constexpr unsigned kReadsPerTurn = 64;

// Addresses of the packet mixed into one number, so that a flow stays with one worker.
uint32_t flow_hash(const uint8_t* ip, uint32_t size) {
  uint32_t words[8] = {};
  if (size >= sizeof(wire::Ipv4) && ip[0] >> 4 == 4)
    std::memcpy(words, wire::source_of(ip, 4), 8);
  else if (size >= sizeof(wire::Ipv6) && ip[0] >> 4 == 6)
    std::memcpy(words, wire::source_of(ip, 6), 32);
  uint32_t mixed = 0;
  for (const uint32_t word : words) mixed = (mixed ^ word) * 0x9e3779b1u;
  return mixed >> 16;
}

}  // namespace

Result<std::unique_ptr<KernelBridge>> KernelBridge::create(PacketPool& pool) {
  std::unique_ptr<KernelBridge> bridge{new KernelBridge{pool}};
  RAVEN_ASSIGN(bridge->mailbox_, Mailbox::create("to_kernel", kMailboxSize));
  return bridge;
}

KernelBridge::~KernelBridge() {
  stop();
}

void KernelBridge::add(PortIndex port, TunDevice device) {
  devices_.push_back({port, std::move(device)});
}

void KernelBridge::start(std::vector<Mailbox*> workers) {
  workers_ = std::move(workers);
  stop_.store(false, std::memory_order_relaxed);
  thread_ = std::thread{[this] { run(); }};
  pthread_setname_np(thread_.native_handle(), "kernel-bridge");
}

void KernelBridge::stop() {
  if (!thread_.joinable()) return;
  stop_.store(true, std::memory_order_relaxed);
  mailbox_->ring_bell();
  thread_.join();
}

void KernelBridge::run() {
  while (!stop_.load(std::memory_order_relaxed)) {
    wait();
    write_all();
    for (const Device& device : devices_) read_some(device);
  }
  write_all();
}

void KernelBridge::wait() {
  std::array<pollfd, kPortsMax + 2> fds{};
  nfds_t count = 0;
  fds[count++] = {.fd = mailbox_->bell_fd(), .events = POLLIN, .revents = 0};
  for (const Device& device : devices_)
    fds[count++] = {.fd = device.tun.fd(), .events = POLLIN, .revents = 0};
  const bool sleep = mailbox_->arm() && !stop_.load(std::memory_order_relaxed);
  poll(fds.data(), count, sleep ? -1 : 0);
  mailbox_->disarm();
}

void KernelBridge::write_all() {
  std::array<rte_mbuf*, 64> packets;
  while (const unsigned count = mailbox_->receive(packets.data(), packets.size()))
    for (unsigned i = 0; i < count; ++i) write_one(packets[i]);
}

void KernelBridge::write_one(rte_mbuf* packet) {
  const PortIndex port = meta(packet).port;
  for (const Device& device : devices_) {
    if (device.port != port) continue;
    const ssize_t size = ::write(device.tun.fd(), bytes_of(packet), packet->data_len);
    (size == packet->data_len ? counters_.written : counters_.write_errors).add(1);
    rte_pktmbuf_free(packet);
    return;
  }
  counters_.write_errors.add(1);
  rte_pktmbuf_free(packet);
}

void KernelBridge::read_some(const Device& device) {
  for (unsigned i = 0; i < kReadsPerTurn && read_one(device); ++i) {
  }
}

// False: nothing left to read.
bool KernelBridge::read_one(const Device& device) {
  rte_mbuf* packet = pool_.take();
  if (packet == nullptr) {
    uint8_t lost;  // a short read takes the whole packet out
    if (::read(device.tun.fd(), &lost, sizeof(lost)) < 0) return false;
    counters_.overruns.add(1);
    return true;
  }
  const ssize_t size = ::read(device.tun.fd(), bytes_of(packet), rte_pktmbuf_tailroom(packet));
  if (size <= 0) {
    rte_pktmbuf_free(packet);
    return false;
  }
  counters_.read.add(1);
  set_size(packet, static_cast<uint32_t>(size));
  const bool raven0 = device.port == kRaven0Port;
  meta(packet).port = device.port;
  meta(packet).entry = raven0 ? Entry::kKernelIp : Entry::kKernelFrame;
  if (!worker_for(packet, device.port).send(packet)) {
    counters_.overruns.add(1);
    rte_pktmbuf_free(packet);
  }
  return true;
}

Mailbox& KernelBridge::worker_for(rte_mbuf* packet, PortIndex port) {
  const uint32_t skip = port == kRaven0Port ? 0 : static_cast<uint32_t>(sizeof(wire::Ethernet));
  if (packet->data_len <= skip) return *workers_.front();
  const uint32_t hash = flow_hash(bytes_of(packet) + skip, packet->data_len - skip);
  return *workers_[hash % workers_.size()];
}

}  // namespace raven::dataplane
