// Two workers in their own threads: handover, waking from sleep, draining, conservation.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rte_launch.h>

#include <chrono>
#include <thread>

#include "dataplane/worker/probe_request.h"
#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

int run_worker(void* worker) {
  static_cast<Worker*>(worker)->run();
  return 0;
}

// The ports, tables and SAs of a BoxBench, driven by real workers.
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

class TwoWorkersTest : public testing::TestWithParam<IdleMode> {};

TEST_P(TwoWorkersTest, PacketsOfBothQueuesAreEncryptedByTheOwnerOfTheSa) {
  BoxBench box;
  Workers workers{box, GetParam()};
  const Bytes inner = pod_packet("10.1.3.5", "10.2.7.9");
  for (int i = 0; i < 200; ++i)
    box.deliver(box.lan(), i % 2, ethernet(box.lan_mac(), kNodeDiMac, inner));
  const std::vector<Bytes> sent = workers.wait_for(box.wan(), 200);
  workers.stop();
  ASSERT_EQ(sent.size(), 200u);
  for (const Bytes& frame : sent) EXPECT_EQ(slice(box.open(frame), 12), slice(inner, 12));
  EXPECT_EQ(workers.counters(1).handed_over.value(), 100u);
  EXPECT_EQ(workers.counters(0).from_inbox.value(), 100u);
  EXPECT_EQ(workers.counters(0).ports[1].transmitted.value(), 200u);
  for (unsigned worker = 0; worker < 2; ++worker)
    EXPECT_EQ(workers.counters(worker).entered(), workers.counters(worker).left());
}

TEST_P(TwoWorkersTest, DecryptsWhatArrivesAtTheOtherWorker) {
  BoxBench box;
  Workers workers{box, GetParam()};
  for (int i = 0; i < 100; ++i)
    box.deliver(box.wan(), 1, box.seal(pod_packet("10.2.7.9", "10.1.3.5")));
  EXPECT_EQ(workers.wait_for(box.lan(), 100).size(), 100u);
}

TEST_P(TwoWorkersTest, MailWakesASleepingWorker) {
  BoxBench box;
  Workers workers{box, GetParam()};
  for (uint32_t i = 0; i < 20; ++i) {
    rte_mbuf* request = box.pool().take();
    write_probe_request(request, box.peer(), i);
    ASSERT_TRUE(box.mailboxes()[0]->send(request));
    ASSERT_EQ(workers.wait_for(box.wan(), 1).size(), 1u) << i;
  }
}

TEST_P(TwoWorkersTest, StopTakesWhatWasReceived) {
  BoxBench box;
  {
    Workers workers{box, GetParam()};
    for (int i = 0; i < 500; ++i)
      box.deliver(
          box.lan(), 0, ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9"))
      );
  }
  EXPECT_EQ(box.sent_wan().size(), 500u);
}

// Tables are replaced while packets flow: none is lost, none meets a freed table.
TEST_P(TwoWorkersTest, TablesMayBeReplacedUnderLoad) {
  BoxBench box;
  Workers workers{box, GetParam()};
  std::size_t delivered = 0, sent = 0;
  for (int i = 0; i < 200; ++i) {
    for (int k = 0; k < 4; ++k, ++delivered)
      box.deliver(
          box.lan(), k % 2, ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9"))
      );
    box.republish();
    box.writer().reclaim();
    sent += box.sent_wan().size();
  }
  sent += workers.wait_for(box.wan(), delivered - sent).size();
  workers.stop();
  EXPECT_EQ(sent, delivered);
}

INSTANTIATE_TEST_SUITE_P(
    Modes, TwoWorkersTest, testing::Values(IdleMode::kPoll, IdleMode::kAdaptive),
    [](const auto& given) { return given.param == IdleMode::kPoll ? "poll" : "adaptive"; }
);

}  // namespace
}  // namespace raven::dataplane::test
