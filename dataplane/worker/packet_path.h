// PacketPath: the whole packet path of a dataplane: ports, tables, workers, the way to the kernel.
// SPDX-License-Identifier: Apache-2.0
//
// Life: Eal::start() -> create() -> start() -> ... -> stop() -> destruction.
// Threading: one control thread; counters and states may be read by any thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "dataplane/inspect/inspection.h"
#include "dataplane/port/mailbox.h"
#include "dataplane/port/port.h"
#include "dataplane/settings.h"
#include "dataplane/stage/counters.h"
#include "dataplane/worker/path_control.h"

namespace raven::dataplane {

class Worker;
class KernelBridge;

class PacketPath : public PathControl {
 public:
  // Opens ports, TAPs and raven0, makes the tables.  REQUIRES: the EAL is up.
  static Result<std::unique_ptr<PacketPath>> create(const Settings& settings);
  ~PacketPath() override;  // stops if still running
  PacketPath(const PacketPath&) = delete;
  PacketPath& operator=(const PacketPath&) = delete;

  Status start();
  // Processes what is in the receive queues, then ends the workers.
  void stop();

  TableWriter& writer() override { return *writer_; }
  Tables& tables() override { return *tables_; }
  std::span<const std::unique_ptr<Port>> ports() const { return ports_; }
  uint16_t port_mtu(PortIndex port) const override { return ports_[port.value()]->mtu(); }

  unsigned worker_count() const override { return static_cast<unsigned>(workers_.size()); }
  const WorkerCounters& counters(WorkerId worker) const override;
  std::vector<const WorkerCounters*> counters() const;  // by WorkerId
  unsigned cpu_of(WorkerId worker) const;               // lcore's CPU, from the settings
  // Packets the kernel handed in that no worker took (inbox full).
  uint64_t kernel_overruns() const;
  // Packets that the kernel did not take: its interface is down or gone.
  uint64_t kernel_refused() const;
  // Probes that no worker took (ProbeSend::kRefused).
  uint64_t probes_refused() const { return probes_refused_.value(); }
  const PacketPool& pool() const { return *pool_; }

  std::optional<MovedPeer> take_moved_peer() override;
  std::optional<TooBig> take_too_big() override;

  // What looks at packets from now on; null: nothing.
  void inspect(std::shared_ptr<Trace> trace, std::shared_ptr<Capture> capture);

  ProbeSend send_probe(PeerIndex peer, uint32_t sequence) override;
  ProbeSend send_padded_probe(PeerIndex peer, uint16_t outer_size, uint32_t inner_size) override;

 private:
  PacketPath() = default;

  Status open_ports();
  template <class Write>
  ProbeSend send_request(PeerIndex peer, const Write& write);
  Status make_workers();

  Settings settings_;
  std::unique_ptr<PacketPool> pool_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::unique_ptr<Quiescence> quiescence_;
  std::unique_ptr<Tables> tables_;
  std::unique_ptr<TableWriter> writer_;
  Published<Inspection> inspection_{nullptr};
  std::unique_ptr<KernelBridge> bridge_;
  std::vector<std::unique_ptr<Mailbox>> mailboxes_;
  std::vector<Mailbox*> mailbox_list_;
  std::vector<std::unique_ptr<Worker>> workers_;
  Counter probes_refused_;  // by the control thread
  bool running_ = false;
};

}  // namespace raven::dataplane
