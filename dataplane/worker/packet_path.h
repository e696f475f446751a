// PacketPath: the whole packet path of a dataplane: ports, tables, workers, the way to the kernel.
// SPDX-License-Identifier: Apache-2.0
//
// Life: Eal::start() -> create() -> start() -> ... -> stop() -> destruction.
// Threading: one control thread, except: writer() follows the rules of TableWriter, counters and
// states may be read by any thread, send_probe() may be called by one thread at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "dataplane/packet/counters.h"
#include "dataplane/port/port.h"
#include "dataplane/settings.h"
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
  const PacketPool& pool() const { return *pool_; }

  // Puts a probe request into the tunnel of `peer`, by the worker that owns its SA.  The answer
  // appears in PeerSlot::probe_answer with the same sequence.  kUnavailable: no outbound SA, no
  // buffer, or the worker's inbox is full.
  Status send_probe(PeerIndex peer, uint32_t sequence);

 private:
  PacketPath() = default;

  Settings settings_;
  std::unique_ptr<PacketPool> pool_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::unique_ptr<Quiescence> quiescence_;
  std::unique_ptr<Tables> tables_;
  std::unique_ptr<TableWriter> writer_;
  std::unique_ptr<KernelBridge> bridge_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool running_ = false;
};

}  // namespace raven::dataplane
