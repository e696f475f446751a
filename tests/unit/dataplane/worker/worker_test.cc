// Two workers in their own threads: handover, waking from sleep, draining, conservation.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/worker/probe_request.h"
#include "tests/unit/dataplane/worker/workers.h"

namespace raven::dataplane::test {
namespace {

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
    write_probe_request(request, box.peer(), kTunnelB, i);
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
