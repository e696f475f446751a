// Whole ways through the box: packet in, packet out.
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

// What a router does to a packet.
Bytes after_one_hop(Bytes packet) {
  if (packet[0] >> 4 == 6) {
    --packet[7];
    return packet;
  }
  --packet[8];
  set_u16(packet, 10, 0);
  set_u16(packet, 10, internet_checksum(slice(packet, 0, (packet[0] & 0xfu) * 4u)));
  return packet;
}

Bytes vxlan_frame(BoxBench& box, const Bytes& inner, const std::string& source = "10.9.0.11") {
  const Bytes frame = ethernet(kOverlayMac, kNodeOverlayMac, inner);
  return ethernet(
      box.lan_mac(), kNodeVxMac,
      ipv4({.source = source, .destination = "10.9.0.1"}, udp(50000, 4472, vxlan(frame)))
  );
}

class EncryptsTest : public testing::TestWithParam<std::pair<const char*, const char*>> {};

// Rule 21: holds.  Rule 26: holds
TEST_P(EncryptsTest, PlainLanPacketLeavesEncryptedToTheNextHopOfThePeer) {
  BoxBench box;
  const Bytes inner = pod_packet(GetParam().first, GetParam().second);
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, inner));
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(slice(sent[0], 0, 14), ethernet(kRouterMac, box.wan_mac(), 0x0800, {}));
  EXPECT_EQ(slice(sent[0], 26, 8), address_bytes("192.0.2.1") + address_bytes("198.51.100.2"));
  EXPECT_EQ(sent[0][23], 50);
  EXPECT_TRUE(ipv4_checksum_holds(sent[0], 14));
  EXPECT_EQ(box.open(sent[0]), after_one_hop(inner));
  EXPECT_THAT(box.sent_lan(), IsEmpty());
}

// Rule 55: holds
TEST_P(EncryptsTest, VxlanPacketLeavesEncrypted) {
  BoxBench box;
  const Bytes inner = pod_packet(GetParam().first, GetParam().second);
  box.receive_lan(vxlan_frame(box, inner));
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(box.open(sent[0]), after_one_hop(inner));
}

// Rule 1: holds.  Rule 19: holds.  Rule 26: holds
TEST_P(EncryptsTest, DecryptedPacketGoesToTheNodeOfItsDestination) {
  BoxBench box;
  const Bytes inner = pod_packet(GetParam().second, GetParam().first);
  box.receive_wan(box.seal(inner));
  const std::vector<Bytes> sent = box.sent_lan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_THAT(box.drops(), IsEmpty());
  const bool direct = slice(sent[0], 0, 6) == slice(ethernet(kNodeDiMac, kNodeDiMac, {}), 0, 6);
  if (direct) {
    EXPECT_EQ(sent[0], ethernet(kNodeDiMac, box.lan_mac(), after_one_hop(inner)));
    return;
  }
  EXPECT_EQ(slice(sent[0], 0, 14), ethernet(kNodeVxMac, box.lan_mac(), 0x0800, {}));
  EXPECT_TRUE(ipv4_checksum_holds(sent[0], 14));
  EXPECT_EQ(slice(sent[0], 26, 8), address_bytes("10.9.0.1") + address_bytes("10.9.0.11"));
  EXPECT_EQ(u16_at(sent[0], 36), 4472);
  EXPECT_EQ(u16_at(sent[0], 38), sent[0].size() - 34);
  EXPECT_EQ(
      slice(sent[0], 42), vxlan(ethernet(kNodeOverlayMac, kOverlayMac, after_one_hop(inner)))
  );
}

INSTANTIATE_TEST_SUITE_P(
    Families, EncryptsTest,
    testing::Values(
        std::pair{"10.1.2.5", "10.2.7.9"}, std::pair{"10.1.3.5", "10.2.7.9"},
        std::pair{"fd00:1:2::5", "fd00:2::9"}, std::pair{"fd00:1:3::5", "fd00:2::9"}
    )
);

// Rule 46: holds
TEST(Path, UdpEncapsulatedTunnelWorksBothWays) {
  BoxBench box{{.udp_encapsulated = true}};
  const Bytes out = pod_packet("10.1.2.5", "10.2.7.9");
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, out));
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0][23], 17);
  EXPECT_EQ(box.open(sent[0]), after_one_hop(out));
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.3.5")));
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
}

TEST(Path, OnePortBoxForwardsBothWaysOnIt) {
  BoxBench box{{.one_port = true}};
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.2.7.9")));
  EXPECT_THAT(box.sent_wan(), SizeIs(1));
  box.receive_lan(box.seal(pod_packet("10.2.7.9", "10.1.3.5")));
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
}

// Rule 26: holds
TEST(Path, KernelPacketLeavesEncryptedWithItsTtlAsItIs) {
  BoxBench box;
  const Bytes inner = pod_packet("10.1.1.5", "10.2.7.9");
  box.from_kernel(inner);
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(box.open(sent[0]), inner);
}

TEST(Path, DecryptedPacketForAnOwnPodGoesToRaven0WithItsTtlAsItIs) {
  BoxBench box;
  const Bytes inner = pod_packet("10.2.7.9", "10.1.1.5");
  box.receive_wan(box.seal(inner));
  const auto to_kernel = box.to_kernel();
  ASSERT_THAT(to_kernel, SizeIs(1));
  EXPECT_EQ(to_kernel[0].port, kRaven0Port);
  EXPECT_EQ(to_kernel[0].packet, inner);
}

TEST(Path, BurstOfBothDirectionsAndKindsIsAllForwarded) {
  BoxBench box;
  std::vector<Bytes> frames;
  for (int i = 0; i < 32; ++i) {
    frames.push_back(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.2.7.9")));
    frames.push_back(vxlan_frame(box, pod_packet("fd00:1:2::5", "fd00:2::9")));
  }
  box.receive(box.lan(), frames);
  EXPECT_THAT(box.sent_wan(), SizeIs(64));
  frames.clear();
  for (int i = 0; i < 64; ++i) frames.push_back(box.seal(pod_packet("10.2.7.9", "10.1.2.5")));
  box.receive(box.wan(), frames);
  EXPECT_THAT(box.sent_lan(), SizeIs(64));
}

// Rule 21: refuses
TEST(Path, PoolWithoutAPathDropsAndNeverSendsInClear) {
  BoxBench box;
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.3.7.9")));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("no_path", 1)));
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.4.7.9")));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("blackhole", 1)));
  EXPECT_THAT(box.sent_wan(), IsEmpty());
  EXPECT_THAT(box.sent_lan(), IsEmpty());
}

// Rule 21: refuses
TEST(Path, TunnelWithoutSaDropsAndAsksForOne) {
  BoxBench box{{.with_outbound_sa = false}};
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.2.7.9")));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("no_sa", 1)));
  EXPECT_TRUE(box.tables().peers[box.peer()].sa_wanted.load());
  EXPECT_THAT(box.sent_wan(), IsEmpty());
}

TEST(Path, UnresolvedNextHopDropsAndAsksForIt) {
  BoxBench box;
  box.writer().set_adjacency(box.wan_adjacency(), Adjacency{});
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.2.7.9")));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("no_neighbour", 1)));
  EXPECT_TRUE(box.tables().adjacencies.take_wanted(box.wan_adjacency()));
  EXPECT_FALSE(box.tables().adjacencies.take_wanted(box.wan_adjacency()));
}

TEST(Path, ReplayedPacketIsDropped) {
  BoxBench box;
  const Bytes frame = box.seal(pod_packet("10.2.7.9", "10.1.3.5"));
  box.receive(box.wan(), {frame, frame});
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("replay_dup", 1)));
}

// Rule 17: holds
TEST(Path, Row17PaddedPacketsOfAllSizesLookAlikeAndArriveAsTheyWere) {
  BoxBench box{{.tfc_size = 1000}};
  for (const std::size_t payload : {0u, 32u, 500u, 950u}) {
    const Bytes inner = pod_packet("10.1.2.5", "10.2.7.9", payload);
    box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, inner));
    const std::vector<Bytes> sent = box.sent_wan();
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_EQ(sent[0].size(), 14u + 20 + 8 + 8 + 1004 + 16) << payload;
    EXPECT_EQ(box.open(sent[0]), after_one_hop(inner));
  }
  const Bytes larger = pod_packet("10.1.2.5", "10.2.7.9", 1300);
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, larger));
  EXPECT_EQ(box.open(box.sent_wan().at(0)), after_one_hop(larger));
}

// Rule 17: refuses
TEST(Path, Row17PaddingStaysWithinThePathAndIsOffUnlessAskedFor) {
  BoxBench box{{.path_mtu = 1300, .tfc_size = kTfcPathMtu}};
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.2.7.9")));
  EXPECT_EQ(box.sent_wan().at(0).size(), 14u + 20 + 8 + 8 + 1304 + 16);
  BoxBench plain;
  plain.receive_lan(ethernet(plain.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.2.7.9")));
  EXPECT_LT(plain.sent_wan().at(0).size(), 200u);
}

// Rule 15: holds.  Rule 15: refuses
TEST(Path, Row15DummyIsTakenAndGoesNowhere) {
  BoxBench box;
  box.receive_wan(box.seal(Bytes(60, 0)));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("dummy", 1)));
  EXPECT_EQ(box.inbound_sa().errors(), 0u);
  EXPECT_THAT(box.sent_lan(), IsEmpty());
  EXPECT_THAT(box.to_kernel(), IsEmpty());
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.3.5")));
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
}

// The ICV protects: the sum does not (RFC 3948 section 2.1).
// Rule 47: holds
TEST(Path, Row47EspInUdpIsTakenWhateverItsUdpChecksumSays) {
  BoxBench box{{.udp_encapsulated = true}};
  for (const uint16_t checksum : std::initializer_list<uint16_t>{0, 1, 0xffff}) {
    Bytes frame = box.seal(pod_packet("10.2.7.9", "10.1.3.5"));
    set_u16(frame, 14 + 20 + 6, checksum);
    box.receive_wan(frame);
    EXPECT_THAT(box.sent_lan(), SizeIs(1)) << checksum;
  }
}

TEST(Path, JumboFramesPassWhole) {
  BoxBench box{{.path_mtu = 8930}};
  const Bytes inner = pod_packet("10.1.2.5", "10.2.7.9", 8900 - 28);
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, inner));
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(box.open(sent[0]), after_one_hop(inner));
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.1.5", 8900 - 28)));
  EXPECT_THAT(box.to_kernel(), SizeIs(1));
}

// Rule 26: refuses
TEST(Path, Row26OuterTtlIsNotTheInnerOne) {
  BoxBench box;
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.2.7.9", 32, 3)));
  EXPECT_EQ(box.sent_wan().at(0)[14 + 8], 64);
}

// Rule 22: holds.  Rule 22: refuses.  Rule 49: holds
TEST(Path, PeerThatMovedIsReportedOnceAuthentic) {
  BoxBench box{{.udp_encapsulated = true}};
  Bytes frame = box.seal(pod_packet("10.2.7.9", "10.1.3.5"));
  set_u16(frame, 34, 61000);  // the NAT chose another port
  Bytes forged = frame;
  forged.back() ^= 1;
  box.receive_wan(forged);
  EXPECT_FALSE(box.context().moved_peers.take().has_value());
  box.receive_wan(frame);
  const auto moved = box.context().moved_peers.take();
  ASSERT_TRUE(moved.has_value());
  EXPECT_EQ(moved->spi, 0x1001u);
  EXPECT_EQ(moved->address.text(), "198.51.100.2");
  EXPECT_EQ(moved->port, 61000);
}

// Its UDP header is not authenticated: whoever takes it off must not move the peer.
// Rule 22: refuses
TEST(Path, Row22PacketThatLostItsUdpHeaderMovesNobody) {
  BoxBench box{{.udp_encapsulated = true}};
  const Bytes frame = box.seal(pod_packet("10.2.7.9", "10.1.3.5"));
  const Bytes bare = ipv4(
      {.source = "198.51.100.2", .destination = "192.0.2.1", .protocol = 50}, slice(frame, 14 + 28)
  );
  box.receive_wan(ethernet(box.wan_mac(), kRouterMac, bare));
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
  EXPECT_FALSE(box.context().moved_peers.take().has_value());
}

}  // namespace
}  // namespace raven::dataplane::test
