// Handover: packets for an SA of another worker.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

// The SAs belong to worker 0, the box under test is worker 1.
TEST(Handover, PacketForAnotherWorkersSaGoesToItsMailbox) {
  BoxBench box{{.worker = WorkerId{1}}};
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9")));
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.3.5")));
  EXPECT_THAT(box.drops(), IsEmpty());
  EXPECT_EQ(box.context().counters.handed_over.value(), 2u);
  EXPECT_THAT(box.sent_wan(), IsEmpty());
  EXPECT_THAT(box.sent_lan(), IsEmpty());
  rte_mbuf* packets[2];
  ASSERT_EQ(box.mailboxes()[0]->receive(packets, 2), 2u);
  EXPECT_EQ(meta(packets[0]).entry, Entry::kEspOut);
  EXPECT_EQ(meta(packets[0]).peer, box.peer());
  EXPECT_EQ(meta(packets[0]).tunnel_id, kTunnelB);
  EXPECT_EQ(meta(packets[1]).entry, Entry::kEspIn);
  rte_pktmbuf_free_bulk(packets, 2);
}

TEST(Handover, OwnerTakesUpWhereTheOtherStopped) {
  BoxBench box;
  rte_mbuf* out = make_packet(box.pool(), pod_packet("10.1.3.5", "10.2.7.9"));
  meta(out).entry = Entry::kEspOut;
  meta(out).peer = box.peer();
  meta(out).tunnel_id = kTunnelB;
  ASSERT_TRUE(box.mailboxes()[0]->send(out));
  rte_mbuf* in = make_packet(box.pool(), slice(box.seal(pod_packet("10.2.7.9", "10.1.3.5")), 14));
  meta(in).entry = Entry::kEspIn;
  meta(in).esp_offset = 20;
  meta(in).esp_size = static_cast<uint16_t>(in->data_len - 20);
  ASSERT_TRUE(box.mailboxes()[0]->send(in));
  box.take_mail();
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(box.open(sent[0]), pod_packet("10.1.3.5", "10.2.7.9"));
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
}

TEST(Handover, PacketWhoseTunnelWasRemovedMeanwhileGoesIntoNoOther) {
  BoxBench box;
  rte_mbuf* packet = make_packet(box.pool(), pod_packet("10.1.3.5", "10.2.7.9"));
  meta(packet).entry = Entry::kEspOut;
  meta(packet).peer = box.peer();
  meta(packet).tunnel_id = kTunnelB + 1;  // had the slot before
  ASSERT_TRUE(box.mailboxes()[0]->send(packet));
  box.take_mail();
  EXPECT_THAT(box.drops(), ElementsAre(Pair("peer_gone", 1)));
  EXPECT_THAT(box.sent_wan(), IsEmpty());
}

TEST(Handover, FullMailboxDropsByName) {
  BoxBench box{{.worker = WorkerId{1}}};
  const Bytes frame = ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9"));
  for (int i = 0; i < 20; ++i) box.receive(box.lan(), std::vector<Bytes>(60, frame));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("handover_full", 1200 - 1024)));
}

}  // namespace
}  // namespace raven::dataplane::test
