// KernelBridge: the thread between workers and the kernel's interfaces (TAPs of owned ports,
// raven0).  It makes the system calls, so that workers make none.
// SPDX-License-Identifier: Apache-2.0
//
// To the kernel: workers send to mailbox(), Meta::port says which interface.  From the kernel:
// packets go to the workers' mailboxes, spread by flow.  Sleeps when there is nothing to do.
// Threading: start() and stop() by control; counters by any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "common/base/result.h"
#include "dataplane/packet/counter.h"
#include "dataplane/packet/meta.h"
#include "dataplane/port/mailbox.h"
#include "dataplane/port/packet_pool.h"
#include "dataplane/port/tun_device.h"

namespace raven::dataplane {

class KernelBridge {
 public:
  static Result<std::unique_ptr<KernelBridge>> create(PacketPool& pool);
  ~KernelBridge();  // stops

  // Before start().  `port`: an owned port, or kRaven0Port.
  void add(PortIndex port, TunDevice device);

  Mailbox& mailbox() { return *mailbox_; }

  // `workers` outlive the thread.
  void start(std::vector<Mailbox*> workers);
  void stop();

  // Written to the kernel, refused by it; read from it, lost for lack of a buffer or of room in a
  // worker's mailbox.
  struct Counters {
    Counter written, write_errors, read, overruns;
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Device {
    PortIndex port;
    TunDevice tun;
  };

  explicit KernelBridge(PacketPool& pool) : pool_{pool} {}
  void run();
  void wait();
  void write_all();
  void write_one(rte_mbuf* packet);
  void read_some(const Device& device);
  bool read_one(const Device& device);
  Mailbox& worker_for(rte_mbuf* packet, PortIndex port);

  PacketPool& pool_;
  std::unique_ptr<Mailbox> mailbox_;
  std::vector<Device> devices_;
  std::vector<Mailbox*> workers_;
  Counters counters_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace raven::dataplane
