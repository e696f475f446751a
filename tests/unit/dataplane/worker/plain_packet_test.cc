// Buffers that others hold too: copied or dropped, never written to.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/plain_packet.h"

#include <gtest/gtest.h>

#include <functional>

#include "dataplane/packet/mbuf.h"
#include "tests/unit/dataplane/worker/workers.h"

namespace raven::dataplane::test {
namespace {

// The bytes in segments that end at each of `cuts`.
rte_mbuf* in_segments(PacketPool& pool, const Bytes& bytes, const std::vector<std::size_t>& cuts) {
  rte_mbuf* head = make_packet(pool, slice(bytes, 0, cuts.front()));
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const std::size_t end = i + 1 < cuts.size() ? cuts[i + 1] : bytes.size();
    EXPECT_EQ(rte_pktmbuf_chain(head, make_packet(pool, slice(bytes, cuts[i], end - cuts[i]))), 0);
  }
  return head;
}

Bytes bytes_in(rte_mbuf* packet) {
  return Bytes(bytes_of(packet), bytes_of(packet) + packet->data_len);
}

struct External {
  alignas(64) uint8_t bytes[2048];
  rte_mbuf_ext_shared_info info;
  unsigned freed = 0;
};

rte_mbuf* in_external(PacketPool& pool, const Bytes& bytes, External& external) {
  external.info.fcb_opaque = &external;
  external.info.free_cb = [](void*, void* opaque) { ++static_cast<External*>(opaque)->freed; };
  rte_mbuf_ext_refcnt_set(&external.info, 1);
  std::copy(bytes.begin(), bytes.end(), external.bytes + 128);
  rte_mbuf* packet = pool.take();
  rte_pktmbuf_attach_extbuf(packet, external.bytes, 0, sizeof(external.bytes), &external.info);
  packet->data_off = 128;
  set_size(packet, static_cast<uint32_t>(bytes.size()));
  return packet;
}

// Rule 14: holds
TEST(PlainPacket, Row14SegmentsCutAtEveryByteBecomeTheSamePacket) {
  BoxBench box;
  const Bytes bytes = filled(120);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    rte_mbuf* packet = in_segments(box.pool(), bytes, {cut});
    ASSERT_FALSE(is_plain(packet));
    rte_mbuf* copy = copy_plain(packet, box.pool());
    ASSERT_NE(copy, nullptr);
    EXPECT_TRUE(is_plain(copy));
    EXPECT_EQ(take_bytes(copy), bytes) << cut;
  }
  rte_mbuf* five = in_segments(box.pool(), bytes, {1, 2, 60, 119});
  EXPECT_EQ(five->nb_segs, 5);
  EXPECT_EQ(take_bytes(copy_plain(five, box.pool())), bytes);
}

// Rule 14: refuses
TEST(PlainPacket, Row14SegmentsThatFitIntoNoBufferAreRefused) {
  BoxBench box;
  rte_mbuf* packet = in_segments(box.pool(), filled(12000), {6000});
  EXPECT_EQ(copy_plain(packet, box.pool()), nullptr);
  rte_pktmbuf_free(packet);
}

// Rule 45: holds
TEST(PlainPacket, Row45OnlyAnExclusivelyOwnedBufferIsPlain) {
  BoxBench box;
  rte_mbuf* packet = make_packet(box.pool(), filled(100));
  EXPECT_TRUE(is_plain(packet));
  rte_mbuf_refcnt_update(packet, 1);
  EXPECT_FALSE(is_plain(packet)) << "shared";
  rte_mbuf_refcnt_update(packet, -1);

  rte_mbuf* clone = rte_pktmbuf_clone(packet, box.pool().raw());
  EXPECT_FALSE(is_plain(clone)) << "indirect";
  EXPECT_FALSE(is_plain(packet)) << "cloned";
  rte_mbuf* copy = copy_plain(clone, box.pool());
  EXPECT_TRUE(is_plain(copy));
  EXPECT_EQ(take_bytes(copy), bytes_in(packet));
  EXPECT_TRUE(is_plain(packet)) << "the copy let go of it";
  rte_pktmbuf_free(packet);
}

// Every kind of buffer through a real worker; `other` is what another holder still reads.
class SharedBuffers : public testing::Test {
 protected:
  void run(rte_mbuf* packet, const std::function<Bytes()>& other) {
    const Bytes before = other();
    {
      Workers workers{box_, IdleMode::kPoll};
      box_.deliver(box_.lan(), 0, packet);
      const std::vector<Bytes> sent = workers.wait_for(box_.wan(), 1);
      ASSERT_EQ(sent.size(), 1u);
      EXPECT_EQ(slice(box_.open(sent[0]), 12), slice(inner_, 12));
    }
    EXPECT_EQ(other(), before);
  }

  BoxBench box_;
  const Bytes inner_ = pod_packet("10.1.3.5", "10.2.7.9");
  const Bytes frame_ = ethernet(box_.lan_mac(), kNodeDiMac, inner_);
};

// Rule 45: refuses
TEST_F(SharedBuffers, Row45EncryptionDoesNotTouchASharedBuffer) {
  rte_mbuf* packet = make_packet(box_.pool(), frame_);
  rte_mbuf_refcnt_update(packet, 1);
  run(packet, [packet] { return bytes_in(packet); });
  rte_pktmbuf_free(packet);
}

// Rule 45: refuses
TEST_F(SharedBuffers, Row45EncryptionDoesNotTouchTheBufferBehindAClone) {
  rte_mbuf* packet = make_packet(box_.pool(), frame_);
  run(rte_pktmbuf_clone(packet, box_.pool().raw()), [packet] { return bytes_in(packet); });
  rte_pktmbuf_free(packet);
}

// Rule 45: refuses
TEST_F(SharedBuffers, Row45EncryptionDoesNotTouchExternalMemory) {
  External external;
  run(in_external(box_.pool(), frame_, external),
      [&external] { return Bytes(external.bytes, external.bytes + sizeof(external.bytes)); });
  EXPECT_EQ(external.freed, 1u);
}

// Rule 14: holds
TEST_F(SharedBuffers, Row14EspInSegmentsIsDecrypted) {
  const Bytes inner = pod_packet("10.2.7.9", "10.1.3.5");
  Workers workers{box_, IdleMode::kPoll};
  const Bytes frame = box_.seal(inner);
  // The last cut is inside the ICV, the one before inside the trailer.
  box_.deliver(
      box_.wan(), 0, in_segments(box_.pool(), frame, {15, 40, frame.size() - 17, frame.size() - 3})
  );
  const std::vector<Bytes> sent = workers.wait_for(box_.lan(), 1);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(slice(sent[0], 14 + 12), slice(inner, 12));
}

TEST_F(SharedBuffers, WhatFitsIntoNoBufferIsDroppedBeforeAnyStage) {
  Workers workers{box_, IdleMode::kPoll};
  box_.deliver(box_.wan(), 0, in_segments(box_.pool(), filled(12000), {6000}));
  box_.deliver(box_.wan(), 0, box_.seal(pod_packet("10.2.7.9", "10.1.3.5")));
  EXPECT_EQ(workers.wait_for(box_.lan(), 1).size(), 1u) << "the next one is forwarded";
  const WorkerCounters* const counters[] = {&workers.counters(0), &workers.counters(1)};
  const std::vector<DropRow> rows = drop_rows(counters);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(stage_name(rows[0].place), "receive");
  EXPECT_EQ(rows[0].reason, Drop::kSegments);
  EXPECT_EQ(rows[0].packets, 1u);
}

}  // namespace
}  // namespace raven::dataplane::test
