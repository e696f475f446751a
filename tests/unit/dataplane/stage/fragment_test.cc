// fragment and mss: fitting packets to the path.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "dataplane/stage/icmp_limit.h"
#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

std::vector<Bytes> through_tunnel(BoxBench& box, const std::vector<Bytes>& packets) {
  std::vector<Bytes> frames;
  for (const Bytes& packet : packets) frames.push_back(ethernet(box.lan_mac(), kNodeDiMac, packet));
  box.receive(box.lan(), frames);
  std::vector<Bytes> inner;
  for (const Bytes& frame : box.sent_wan()) inner.push_back(box.open(frame));
  return inner;
}

// Puts fragments together by their offsets; empty if there is a hole.
Bytes reassemble(std::vector<Bytes> fragments) {
  const auto offset = [](const Bytes& packet) { return (u16_at(packet, 6) & 0x1fff) * 8u; };
  std::sort(fragments.begin(), fragments.end(), [&](const Bytes& a, const Bytes& b) {
    return offset(a) < offset(b);
  });
  Bytes payload;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    const Bytes& packet = fragments[i];
    const bool last = i + 1 == fragments.size();
    if (!ipv4_checksum_holds(packet) || u16_at(packet, 2) != packet.size()) return {};
    if (offset(packet) != payload.size() || ((u16_at(packet, 6) & 0x2000) != 0) == last) return {};
    payload = payload + slice(packet, (packet[0] & 0xfu) * 4u);
  }
  return payload;
}

// Rule 32: holds
TEST(Fragment, PacketWithoutDfIsCutBeforeEncryption) {
  BoxBench box{{.path_mtu = 1300}};
  const Bytes packet = pod_packet("10.1.3.5", "10.2.7.9", 1460);
  const std::vector<Bytes> pieces = through_tunnel(box, {packet});
  ASSERT_THAT(pieces, SizeIs(2));
  for (const Bytes& piece : pieces) {
    EXPECT_LE(piece.size(), 1300u);
    EXPECT_EQ(u16_at(piece, 4), 77) << "same identification";
  }
  EXPECT_EQ(reassemble(pieces), slice(packet, 20));
  EXPECT_EQ(box.context().counters.generated.value(), 1u);
}

TEST(Fragment, FragmentThatEndsBeyondTheLargestPacketIsNotCut) {
  BoxBench box{{.path_mtu = 1300}};
  const Bytes packet = ipv4(
      {.source = "10.1.3.5", .destination = "10.2.7.9", .fragment_offset = 65528}, filled(1460)
  );
  EXPECT_THAT(through_tunnel(box, {packet}), IsEmpty());
  EXPECT_THAT(box.drops(), ElementsAre(Pair("malformed", 1)));
}

TEST(Fragment, PacketOfExactlyTheMtuStaysWhole) {
  BoxBench box{{.path_mtu = 1300}};
  EXPECT_THAT(through_tunnel(box, {pod_packet("10.1.3.5", "10.2.7.9", 1300 - 28)}), SizeIs(1));
  EXPECT_THAT(through_tunnel(box, {pod_packet("10.1.3.5", "10.2.7.9", 1300 - 27)}), SizeIs(2));
}

// Rule 32: holds
TEST(Fragment, FragmentIsCutAgainKeepingItsPlace) {
  BoxBench box{{.path_mtu = 600}};
  const Bytes packet = ipv4(
      {.source = "10.1.3.5",
       .destination = "10.2.7.9",
       .more_fragments = true,
       .fragment_offset = 1480},
      filled(1200)
  );
  const std::vector<Bytes> pieces = through_tunnel(box, {packet});
  ASSERT_THAT(pieces, SizeIs(3));
  for (const Bytes& piece : pieces) EXPECT_NE(u16_at(piece, 6) & 0x2000, 0) << "more follow";
  EXPECT_EQ((u16_at(pieces[0], 6) & 0x1fff) * 8, 1480);
  EXPECT_EQ((u16_at(pieces[2], 6) & 0x1fff) * 8, 1480 + 2 * 576);
}

TEST(Fragment, LaterFragmentsCarryOnlyCopiedOptions) {
  BoxBench box{{.path_mtu = 1300}};
  // Record route (not copied), router alert (copied), padding.
  const Bytes options = {7, 7, 4, 0, 0, 0, 0, 148, 4, 0, 0, 0};
  const Bytes packet =
      ipv4({.source = "10.1.3.5", .destination = "10.2.7.9", .options = options}, filled(1400));
  const std::vector<Bytes> pieces = through_tunnel(box, {packet});
  ASSERT_THAT(pieces, SizeIs(2));
  EXPECT_EQ(slice(pieces[0], 20, 12), options);
  EXPECT_EQ(pieces[1][0], 0x46);
  EXPECT_EQ(slice(pieces[1], 20, 4), (Bytes{148, 4, 0, 0}));
  EXPECT_EQ(reassemble(pieces), slice(packet, 32));
}

TEST(Fragment, BurstThatGrowsBeyondABurstLosesNothing) {
  BoxBench box{{.path_mtu = 1300}};
  const std::vector<Bytes> packets(64, pod_packet("10.1.3.5", "10.2.7.9", 8000));
  const std::vector<Bytes> pieces = through_tunnel(box, packets);
  EXPECT_THAT(box.drops(), IsEmpty());
  EXPECT_THAT(pieces, SizeIs(64 * 7));
}

TEST(Fragment, MixOfFittingOversizeAndRefusedPacketsIsAllAccountedFor) {
  BoxBench box{{.path_mtu = 1300}};
  std::vector<Bytes> packets;
  for (int i = 0; i < 16; ++i) {
    packets.push_back(pod_packet("10.1.3.5", "10.2.7.9", 100));
    packets.push_back(pod_packet("10.1.3.5", "10.2.7.9", 5000));
    packets.push_back(pod_packet("10.1.3.5", "10.2.7.9", 1400, 64, true));
    packets.push_back(pod_packet("fd00:1:3::5", "fd00:2::9", 1400));
  }
  EXPECT_THAT(through_tunnel(box, packets), SizeIs(16 + 16 * 4));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("mtu", 32)));
  EXPECT_THAT(box.sent_lan(), SizeIs(2 * IcmpLimit::kPerSecondAndDestination))
      << "ICMP errors to both sources, as many as the limit lets through";
}

TEST(Fragment, MtuTooSmallToCutIsADrop) {
  BoxBench box{{.path_mtu = 24}};
  EXPECT_THAT(through_tunnel(box, {pod_packet("10.1.3.5", "10.2.7.9", 100)}), IsEmpty());
  EXPECT_THAT(box.drops(), ElementsAre(Pair("mtu", 1)));
}

TEST(Fragment, VxlanPacketLeavesRoomForItsOuterHeader) {
  BoxBench box;
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.2.5", 1500 - 50 - 28)));
  ASSERT_THAT(box.sent_lan(), SizeIs(1));
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.2.5", 1500 - 50 - 27)));
  const std::vector<Bytes> sent = box.sent_lan();
  ASSERT_THAT(sent, SizeIs(2));
  for (const Bytes& frame : sent) EXPECT_LE(frame.size(), 1514u);
}

uint16_t segment_size_after(
    const Bytes& options, uint8_t flags, uint16_t path_mtu = 1400, bool v6 = false
) {
  BoxBench box{{.path_mtu = path_mtu}};
  const std::string source = v6 ? "fd00:1:3::5" : "10.1.3.5";
  const std::string destination = v6 ? "fd00:2::9" : "10.2.7.9";
  const Bytes segment = tcp({.flags = flags, .options = options}, source, destination);
  const Bytes packet =
      v6 ? ipv6({.source = source, .destination = destination, .next_header = 6}, segment)
         : ipv4({.source = source, .destination = destination, .protocol = 6}, segment);
  const std::vector<Bytes> inner = through_tunnel(box, {packet});
  if (inner.size() != 1) return 0;
  EXPECT_TRUE(l4_checksum_holds(inner[0]));
  const std::size_t at = (v6 ? 40u : 20u) + 20u;
  for (std::size_t i = at; i + 3 < inner[0].size(); ++i)
    if (inner[0][i] == 2 && inner[0][i + 1] == 4) return u16_at(inner[0], i + 2);
  return 0;
}

constexpr uint8_t kSyn = 0x02, kSynAck = 0x12, kAck = 0x10;

// Rule 38: holds
TEST(Mss, IsLoweredToWhatThePathCarries) {
  const Bytes mss1460 = {2, 4, 0x05, 0xb4};
  EXPECT_EQ(segment_size_after(mss1460, kSyn), 1360);
  EXPECT_EQ(segment_size_after(mss1460, kSynAck), 1360);
  EXPECT_EQ(segment_size_after(mss1460, kSyn, 1280), 1240);
  EXPECT_EQ(segment_size_after(mss1460, kSyn, 1400, true), 1340);
}

// Rule 38: refuses
TEST(Mss, IsNeverRaisedAndOnlyTouchedInSyn) {
  EXPECT_EQ(segment_size_after({2, 4, 0x01, 0xf4}, kSyn), 500);
  EXPECT_EQ(segment_size_after({2, 4, 0x05, 0xb4}, kAck), 1460);
}

TEST(Mss, IsFoundBehindOtherOptionsAlsoAtAnOddOffset) {
  EXPECT_EQ(segment_size_after({1, 1, 4, 2, 2, 4, 0x05, 0xb4}, kSyn), 1360);
  EXPECT_EQ(segment_size_after({1, 2, 4, 0x05, 0xb4, 1, 1, 0}, kSyn), 1360);
  EXPECT_EQ(segment_size_after({3, 3, 7, 2, 4, 0x05, 0xb4, 0}, kSyn), 1360);
}

// Rule 38: refuses
TEST(Mss, MalformedOptionsAreForwardedUnchanged) {
  for (const Bytes& options :
       {Bytes{3, 0, 2, 4, 0x05, 0xb4, 0, 0}, Bytes{3, 1, 2, 4, 0x05, 0xb4, 0, 0},
        Bytes{3, 255, 2, 4, 0x05, 0xb4, 0, 0}, Bytes{0, 0, 2, 4, 0x05, 0xb4, 0, 0}})
    EXPECT_EQ(segment_size_after(options, kSyn), 1460);
  EXPECT_EQ(segment_size_after({2, 3, 0x05, 2, 4, 0x05, 0xb4, 0}, kSyn), 1360)
      << "an MSS option of another length is skipped, not trusted";
}

// Rule 38: refuses
TEST(Mss, OffsetBeyondThePacketIsForwardedUnchanged) {
  BoxBench box;
  Bytes segment = tcp({.flags = kSyn, .options = {2, 4, 0x05, 0xb4}}, "10.1.3.5", "10.2.7.9");
  segment[12] = 0xf0;
  const Bytes packet =
      ipv4({.source = "10.1.3.5", .destination = "10.2.7.9", .protocol = 6}, segment);
  const std::vector<Bytes> inner = through_tunnel(box, {packet});
  ASSERT_THAT(inner, SizeIs(1));
  EXPECT_EQ(slice(inner[0], 20), segment);
}

// Rule 38: holds
TEST(Mss, SynFromTheTunnelIsLoweredToThePathOfItsPeer) {
  BoxBench box{{.path_mtu = 1200}};
  const Bytes segment = tcp({.flags = kSyn, .options = {2, 4, 0x05, 0xb4}}, "10.2.7.9", "10.1.3.5");
  box.receive_wan(
      box.seal(ipv4({.source = "10.2.7.9", .destination = "10.1.3.5", .protocol = 6}, segment))
  );
  const std::vector<Bytes> sent = box.sent_lan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(u16_at(sent[0], 14 + 20 + 22), 1160);
  EXPECT_TRUE(l4_checksum_holds(slice(sent[0], 14)));
}

}  // namespace
}  // namespace raven::dataplane::test
