// Path probes: in the tunnel and on the LAN.
// SPDX-License-Identifier: Apache-2.0
#include "common/wire/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rte_cycles.h>

#include "dataplane/worker/probe_request.h"
#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

Bytes payload(ProbeType type, uint64_t cookie = 0x1122334455667788) {
  Bytes bytes = {0x52, 0x56, 0x50, 0x52, 1, static_cast<uint8_t>(type), 0, 0, 0, 0, 0,
                 0,    0,    0,    0,    42};
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<uint8_t>(cookie >> shift));
  return bytes;
}

Bytes in_tunnel(const Bytes& probe, bool back = false) {
  return ipv4(
      {.source = back ? "169.254.82.2" : "169.254.82.1",
       .destination = back ? "169.254.82.1" : "169.254.82.2"},
      udp(4473, 4473, probe)
  );
}

TEST(TunnelProbe, RequestIsTurnedAroundInTheSameTunnel) {
  BoxBench box;
  box.writer().set_forwarding(true);
  box.receive_wan(box.seal(in_tunnel(payload(ProbeType::kRequest))));
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  const Bytes reply = box.open(sent[0]);
  EXPECT_EQ(slice(reply, 12, 8), address_bytes("169.254.82.2") + address_bytes("169.254.82.1"));
  EXPECT_TRUE(ipv4_checksum_holds(reply));
  EXPECT_TRUE(l4_checksum_holds(reply));
  Bytes expected = payload(ProbeType::kReply);
  expected[6] = kProbeFlagForwarding;
  EXPECT_EQ(slice(reply, 28), expected);
  EXPECT_THAT(box.to_kernel(), IsEmpty());
}

TEST(TunnelProbe, OwnRequestIsEncryptedAndItsAnswerNoted) {
  BoxBench box;
  rte_mbuf* request = box.pool().take();
  write_probe_request(request, box.peer(), kTunnelB, 42);
  ASSERT_TRUE(box.mailboxes()[0]->send(request));
  box.take_mail();
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  const Bytes inner = box.open(sent[0]);
  EXPECT_TRUE(ipv4_checksum_holds(inner));
  Bytes answer = slice(inner, 28);
  answer[5] = static_cast<uint8_t>(ProbeType::kReply);
  box.receive_wan(box.seal(in_tunnel(answer, true)));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("probe_answer", 1)));
  const PeerSlot& peer = box.tables().peers[box.peer()];
  EXPECT_EQ(peer.probe_answers.load(), 1u);
  EXPECT_EQ(ProbeAnswer::unpack(peer.probe_answer.load()).sequence, 42u);
}

// The NAT sees it as traffic of the mapping that ESP uses.
// Rule 48: holds
TEST(TunnelProbe, Row48RequestKeepsTheMappingOfANatAlive) {
  BoxBench box{{.udp_encapsulated = true}};
  rte_mbuf* request = box.pool().take();
  write_probe_request(request, box.peer(), kTunnelB, 42);
  ASSERT_TRUE(box.mailboxes()[0]->send(request));
  box.take_mail();
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(u16_at(sent[0], 14 + 20), 4500);
  EXPECT_EQ(u16_at(sent[0], 14 + 22), 4500);
}

// Rule 31: holds
TEST(TunnelProbe, Row31PaddedRequestFillsThePathAndIsAnsweredWithASmallOne) {
  BoxBench box;
  rte_mbuf* request = box.pool().take();
  write_padded_probe_request(request, box.peer(), kTunnelB, 1400, 1400 - 54);
  ASSERT_TRUE(box.mailboxes()[0]->send(request));
  box.take_mail();
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_GT(sent[0].size(), 14u + 1396);
  EXPECT_LE(sent[0].size(), 14u + 1400);
  const Bytes inner = box.open(sent[0]);
  EXPECT_EQ(inner.size(), 20u + 8 + 24) << "the rest was padding for the ESP of the receiver";
  EXPECT_EQ(u16_at(inner, 28 + 10), 1400) << "high half of the sequence number";

  box.receive_wan(box.seal(inner + Bytes(1300)));  // as the far end would send it
  const std::vector<Bytes> replies = box.sent_wan();
  ASSERT_THAT(replies, SizeIs(1));
  EXPECT_LT(replies[0].size(), 200u);
}

// Padding to one size would have every probe measure that size.
// Rule 17: refuses.  Rule 31: holds
TEST(TunnelProbe, Row31ProbesAndTheirAnswersGetNoPaddingOfTheTunnel) {
  BoxBench box{{.tfc_size = 1300}};
  rte_mbuf* request = box.pool().take();
  write_padded_probe_request(request, box.peer(), kTunnelB, 1000, 1000 - 54);
  ASSERT_TRUE(box.mailboxes()[0]->send(request));
  box.take_mail();
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_LE(sent[0].size(), 14u + 1000);
  box.receive_wan(box.seal(in_tunnel(payload(ProbeType::kRequest))));
  const std::vector<Bytes> replies = box.sent_wan();
  ASSERT_THAT(replies, SizeIs(1));
  EXPECT_LT(replies[0].size(), 200u);
}

TEST(TunnelProbe, AnswersToPaddedRequestsLeaveThoseToSmallOnesAlone) {
  BoxBench box;
  PeerSlot& peer = box.tables().peers[box.peer()];
  for (const uint16_t size : std::initializer_list<uint16_t>{1280, 1400, 576}) {
    Bytes answer = payload(ProbeType::kReply);
    set_u16(answer, 10, size);
    set_u16(answer, 14, 0);
    box.receive_wan(box.seal(in_tunnel(answer, true)));
  }
  EXPECT_EQ(peer.padded_answer.load(), 1400u);
  EXPECT_EQ(peer.probe_answers.load(), 0u);
}

TEST(TunnelProbe, MalformedProbesAreNamed) {
  BoxBench box;
  Bytes wrong_magic = payload(ProbeType::kRequest);
  wrong_magic[0] = 0;
  Bytes wrong_version = payload(ProbeType::kRequest);
  wrong_version[4] = 2;
  const Bytes cut = slice(payload(ProbeType::kRequest), 0, 23);
  const Bytes grown = payload(ProbeType::kRequest) + Bytes{0};
  for (const Bytes& bad : {wrong_magic, wrong_version, cut, grown, payload(ProbeType{3})}) {
    box.receive_wan(box.seal(in_tunnel(bad)));
    EXPECT_THAT(box.drops(), ElementsAre(Pair("probe_malformed", 1)));
  }
  EXPECT_THAT(box.sent_wan(), IsEmpty());
}

Bytes lan_probe(BoxBench& box, const std::string& source, const Bytes& probe) {
  return ethernet(
      box.lan_mac(), kNodeVxMac,
      ipv4({.source = source, .destination = "10.9.0.1"}, udp(33333, 4473, probe))
  );
}

TEST(LanProbe, NodeOfTheOwnPoolGetsAnAnswer) {
  BoxBench box;
  box.receive_lan(lan_probe(box, "10.9.0.11", payload(ProbeType::kRequest)));
  const std::vector<Bytes> sent = box.sent_lan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(slice(sent[0], 0, 14), ethernet(kNodeVxMac, box.lan_mac(), 0x0800, {}));
  const Bytes reply = slice(sent[0], 14);
  EXPECT_EQ(slice(reply, 12, 8), address_bytes("10.9.0.1") + address_bytes("10.9.0.11"));
  EXPECT_EQ(u16_at(reply, 20), 4473);
  EXPECT_EQ(u16_at(reply, 22), 33333);
  EXPECT_TRUE(l4_checksum_holds(reply));
  EXPECT_EQ(slice(reply, 28), payload(ProbeType::kReply)) << "not forwarding: flag clear";
}

TEST(LanProbe, StrangersRepliesAndTheWanGetNone) {
  BoxBench box;
  box.receive_lan(lan_probe(box, "10.9.0.99", payload(ProbeType::kRequest)));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("probe_peer", 1)));
  box.receive_lan(lan_probe(box, "10.9.0.11", payload(ProbeType::kReply)));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("probe_peer", 1)));
  box.receive_wan(ethernet(
      box.wan_mac(), kRouterMac,
      ipv4(
          {.source = "10.9.0.11", .destination = "192.0.2.1"},
          udp(33333, 4473, payload(ProbeType::kRequest))
      )
  ));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("probe_peer", 1)));
  EXPECT_THAT(box.sent_lan(), IsEmpty());
}

TEST(LanProbe, WithBytesBehindItGetsNoAnswerThatIsShorterThanItSays) {
  BoxBench box;
  const Bytes probe = udp(33333, 4473, payload(ProbeType::kRequest)) + filled(6);
  box.receive_lan(ethernet(
      box.lan_mac(), kNodeVxMac, ipv4({.source = "10.9.0.11", .destination = "10.9.0.1"}, probe)
  ));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("probe_malformed", 1)));
  EXPECT_THAT(box.sent_lan(), IsEmpty());
}

}  // namespace
}  // namespace raven::dataplane::test
