// PacketPath: the whole packet path of a dataplane: ports, tables, workers, the way to the kernel.
// SPDX-License-Identifier: Apache-2.0
//
// Life: Eal::start() -> create() -> start() -> ... -> stop() -> destruction.
// Threading: one control thread; counters and states may be read by any thread, send_probe() may be
// called by any.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "dataplane/inspect/inspection.h"
#include "dataplane/packet/counters.h"
#include "dataplane/port/mailbox.h"
#include "dataplane/port/port.h"
#include "dataplane/settings.h"
#include "dataplane/stage/moved_peers.h"
#include "dataplane/stage/too_big.h"
#include "dataplane/table/table_writer.h"

namespace raven::dataplane {

class Worker;
class KernelBridge;

class PacketPath {
 public:
  // Opens ports, TAPs and raven0, makes the tables.  REQUIRES: the EAL is up.
  static Result<std::unique_ptr<PacketPath>> create(const Settings& settings);
  ~PacketPath();  // stops if still running
  PacketPath(const PacketPath&) = delete;
  PacketPath& operator=(const PacketPath&) = delete;

  Status start();
  // Takes what is in the receive queues, sends it on, and ends the workers.
  void stop();

  TableWriter& writer() { return *writer_; }
  Tables& tables() { return *tables_; }
  std::span<const std::unique_ptr<Port>> ports() const { return ports_; }

  unsigned worker_count() const { return static_cast<unsigned>(workers_.size()); }
  const WorkerCounters& counters(WorkerId worker) const;
  unsigned cpu_of(WorkerId worker) const;  // lcore's CPU, from the settings
  // Packets the kernel handed in that no worker took (inbox full).
  uint64_t kernel_overruns() const;
  // Packets that the kernel did not take: its interface is down or gone.
  uint64_t kernel_refused() const;
  const PacketPool& pool() const { return *pool_; }

  // A peer that was seen to send from another address; nothing: none since the last call.
  std::optional<MovedPeer> take_moved_peer();

  // A router that did not pass on a packet of ours; nothing: none since the last call.
  std::optional<TooBig> take_too_big();

  // These look at packets from now on; null: nobody.
  void inspect(std::shared_ptr<Trace> trace, std::shared_ptr<Capture> capture);

  // Puts a probe request into the tunnel of `peer`, by the worker that owns its SA.  The answer
  // appears in PeerSlot::probe_answer with the same sequence.  kUnavailable: no outbound SA, no
  // buffer, or the worker's inbox is full.
  Status send_probe(PeerIndex peer, uint32_t sequence);
  // The same, padded to an inner packet of `inner_size` bytes so that it takes an outer one of
  // `outer_size`.  The answer appears in PeerSlot::padded_answer.
  Status send_padded_probe(PeerIndex peer, uint16_t outer_size, uint32_t inner_size);

 private:
  PacketPath() = default;

  Status open_ports();
  template <class Write>
  Status send_request(PeerIndex peer, const Write& write);
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
  bool running_ = false;
};

}  // namespace raven::dataplane
