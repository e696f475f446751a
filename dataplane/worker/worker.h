// Worker: one thread that forwards packets, run to completion.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: run() by the worker's own lcore; stop() and counters by any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "dataplane/ipsec/cipher_library.h"
#include "dataplane/stage/context.h"
#include "dataplane/table/quiescence.h"
#include "dataplane/worker/idle.h"

namespace raven::dataplane {

class Worker {
 public:
  // `setup.cipher_library` is given by `library`, which the worker keeps.
  Worker(
      ContextSetup setup, std::unique_ptr<CipherLibrary> library, IdleMode idle,
      Quiescence& quiescence
  );

  // Until stop(); then until the receive queues and the mailbox are empty, at most kDrainLoops.
  void run();
  void stop();

  const WorkerCounters& counters() const { return context_.counters; }
  MovedPeers& moved_peers() { return context_.moved_peers; }
  TooBigs& too_bigs() { return context_.too_bigs; }
  Context& context() { return context_; }

 private:
  // Packets received.
  uint32_t run_once();
  uint32_t receive(Port& port);
  rte_mbuf* receive_copy(rte_mbuf* packet);
  void tend_fragments();
  uint32_t take_mail();

  std::unique_ptr<CipherLibrary> library_;
  Context context_;
  Mailbox& mailbox_;
  Quiescence& quiescence_;
  Idle idle_;
  std::atomic<bool> stop_{false};  // worker: ro   control: wo
};

}  // namespace raven::dataplane
