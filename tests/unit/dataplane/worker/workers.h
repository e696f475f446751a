// Workers: the ports, tables and SAs of a BoxBench, driven by two real workers in threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <rte_launch.h>

#include <chrono>
#include <thread>

#include "dataplane/worker/worker.h"
#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {

inline int run_worker(void* worker) {
  static_cast<Worker*>(worker)->run();
  return 0;
}

class Workers {
 public:
  Workers(BoxBench& box, IdleMode idle) : box_{box} {
    for (uint16_t id = 0; id < 2; ++id) {
      ContextSetup setup = box.context().setup;
      setup.worker = WorkerId{id};
      workers_.push_back(std::make_unique<Worker>(
          setup, std::move(CipherLibrary::create_linked()).value(), idle, box.quiescence()
      ));
      EXPECT_EQ(rte_eal_remote_launch(run_worker, workers_.back().get(), id + 1u), 0);
    }
  }
  ~Workers() { stop(); }

  void stop() {
    if (stopped_) return;
    stopped_ = true;
    for (const auto& worker : workers_) worker->stop();
    for (unsigned lcore = 1; lcore <= 2; ++lcore) rte_eal_wait_lcore(lcore);
    for (const auto& worker : workers_)
      EXPECT_EQ(worker->counters().entered(), worker->counters().left());
  }
  const WorkerCounters& counters(unsigned worker) { return workers_[worker]->counters(); }

  // Waits until the port has sent `count` frames.
  std::vector<Bytes> wait_for(Port& port, std::size_t count) {
    std::vector<Bytes> frames;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (frames.size() < count && std::chrono::steady_clock::now() < deadline) {
      for (Bytes& frame : box_.sent(port)) frames.push_back(std::move(frame));
      std::this_thread::yield();
    }
    return frames;
  }

 private:
  BoxBench& box_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool stopped_ = false;
};

}  // namespace raven::dataplane::test
