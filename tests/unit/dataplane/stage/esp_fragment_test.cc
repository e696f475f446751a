// IPv6 packets that no source has to make smaller, over paths that carry less.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/esp_fragment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/worker/probe_request.h"
#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr std::size_t kEthernet = 14;

// Of `size` bytes.
Bytes v6_packet(std::size_t size) {
  return pod_packet("fd00:1:3::5", "fd00:2::9", size - 48);
}

std::vector<Bytes> through(BoxBench& box, const std::vector<Bytes>& packets) {
  std::vector<Bytes> frames;
  for (const Bytes& packet : packets) frames.push_back(ethernet(box.lan_mac(), kNodeDiMac, packet));
  box.receive(box.lan(), frames);
  return box.sent_wan();
}

// By a worker without an SA.
rte_mbuf* handed_over(BoxBench& box, const Bytes& bytes) {
  rte_mbuf* packet = make_packet(box.pool(), bytes);
  Meta& info = meta(packet);
  info.entry = Entry::kEspOut;
  info.origin = Origin::kWire;
  info.family = 6;
  info.peer = box.peer();
  info.target = Target::remote(box.pool_b());
  info.tunnel_id = kTunnelB;
  return packet;
}

// One outer fragment.
struct Piece {
  std::size_t offset;
  bool more;
  Bytes identification, payload;
};

Piece read_v4(const Bytes& ip) {
  EXPECT_TRUE(ipv4_checksum_holds(ip));
  EXPECT_EQ(u16_at(ip, 2), ip.size());
  EXPECT_EQ(u16_at(ip, 6) & 0x4000, 0) << "routers may cut it again";
  const uint16_t flags = u16_at(ip, 6);
  return {(flags & 0x1fffu) * 8u, (flags & 0x2000) != 0, slice(ip, 4, 2), slice(ip, 20)};
}

Piece read_v6(const Bytes& ip) {
  EXPECT_EQ(u16_at(ip, 4), ip.size() - 40);
  EXPECT_EQ(ip[6], 44);
  const uint16_t flags = u16_at(ip, 42);
  return {flags & 0xfff8u, (flags & 1) != 0, slice(ip, 44, 4), slice(ip, 48)};
}

// The whole frame again: fragments that follow one another without a gap.  Empty: they do not.
Bytes put_together(const std::vector<Bytes>& frames) {
  const bool v4 = frames.at(0)[kEthernet] >> 4 == 4;
  Bytes whole = slice(frames[0], 0, kEthernet + (v4 ? 20u : 40u));
  if (!v4) whole[kEthernet + 6] = frames[0][kEthernet + 40];
  std::size_t size = 0;
  Bytes identification;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Bytes ip = slice(frames[i], kEthernet);
    const Piece piece = v4 ? read_v4(ip) : read_v6(ip);
    if (i == 0) identification = piece.identification;
    const bool last = i + 1 == frames.size();
    if (piece.offset != size || piece.more == last || piece.identification != identification)
      return {};
    if (!last && piece.payload.size() % 8 != 0) return {};
    whole = whole + piece.payload;
    size += piece.payload.size();
  }
  return whole;
}

class EspFragmentTest : public testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  BenchOptions options(uint16_t outer_mtu) const {
    const auto [udp_encapsulated, outer_v6] = GetParam();
    BenchOptions options;
    options.udp_encapsulated = udp_encapsulated;
    options.outer_v6 = outer_v6;
    options.outer_mtu = outer_mtu;
    options.path_mtu = static_cast<uint16_t>(outer_mtu - 90);  // about what ESP leaves
    return options;
  }
};

std::string kind_name(const testing::TestParamInfo<std::tuple<bool, bool>>& row) {
  const auto [udp_encapsulated, outer_v6] = row.param;
  return std::string{outer_v6 ? "Ipv6" : "Ipv4"} + (udp_encapsulated ? "Udp" : "");
}

INSTANTIATE_TEST_SUITE_P(
    Outer, EspFragmentTest, testing::Combine(testing::Bool(), testing::Bool()), kind_name
);

// RFC 8200 section 5: the source may not know how to send less.
// Rule 31: holds.  Rule 32: holds
TEST_P(EspFragmentTest, Row31APacketOf1280BytesCrossesANarrowerPath) {
  BoxBench box{options(1280)};
  for (const std::size_t size : {1191u, 1230u, 1279u, 1280u}) {
    const Bytes packet = v6_packet(size);
    const std::vector<Bytes> frames = through(box, {packet});
    EXPECT_THAT(frames, Each(SizeIs(testing::Le(kEthernet + 1280))));
    const Bytes inner = frames.size() == 1 ? box.open(frames[0]) : box.open(put_together(frames));
    Bytes expected = packet;
    --expected[7];
    EXPECT_EQ(inner, expected) << size;
    EXPECT_THAT(frames, SizeIs(frames.size() == 1 && size < 1280 ? 1 : 2));
  }
  EXPECT_THAT(box.drops(), IsEmpty());
  EXPECT_THAT(box.sent_lan(), IsEmpty()) << "nothing to tell the source";
}

// Rule 31: holds
TEST_P(EspFragmentTest, Row31NoIpv6SourceIsToldToSendLessThan1280Bytes) {
  BoxBench box{options(1280)};
  EXPECT_THAT(through(box, {v6_packet(1281)}), IsEmpty());
  EXPECT_THAT(box.drops(), ElementsAre(Pair("mtu", 1)));
  const std::vector<Bytes> errors = box.sent_lan();
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_EQ(errors[0][kEthernet + 40], 2) << "packet too big";
  EXPECT_EQ(u16_at(errors[0], kEthernet + 46), 1280);
}

// Of IPv4 sources any size can be asked for.
// Rule 32: refuses
TEST_P(EspFragmentTest, Row32AnIpv4PacketWithDfIsNotCutBehindEsp) {
  BoxBench box{options(1280)};
  EXPECT_THAT(through(box, {pod_packet("10.1.3.5", "10.2.7.9", 1200, 64, true)}), IsEmpty());
  const std::vector<Bytes> errors = box.sent_lan();
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_EQ(u16_at(errors[0], kEthernet + 26), 1190);
}

// For the replay window of the far end, and for those who count losses by the numbers.
TEST_P(EspFragmentTest, PacketsOfABurstLeaveInTheOrderOfTheirNumbers) {
  BoxBench box{options(1280)};
  std::vector<Bytes> packets(12, v6_packet(200));
  packets[0] = packets[3] = packets[7] = v6_packet(1280);
  const std::vector<Bytes> frames = through(box, packets);
  ASSERT_THAT(frames, SizeIs(12 + 3));
  const auto [udp_encapsulated, outer_v6] = GetParam();
  std::vector<uint16_t> numbers;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const bool cut = frames[i].size() > 1000;
    const Bytes frame = cut ? put_together({frames[i], frames[i + 1]}) : frames[i];
    ASSERT_FALSE(frame.empty());
    const std::size_t esp = kEthernet + (outer_v6 ? 40u : 20u) + (udp_encapsulated ? 8u : 0u);
    numbers.push_back(u16_at(frame, esp + 6));
    if (cut) ++i;
  }
  EXPECT_THAT(numbers, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
}

TEST_P(EspFragmentTest, ABurstThatGrowsBeyondABurstLosesNothing) {
  BoxBench box{options(1280)};
  EXPECT_THAT(through(box, std::vector<Bytes>(64, v6_packet(1280))), SizeIs(64 * 2));
  EXPECT_THAT(box.drops(), IsEmpty());
  EXPECT_EQ(box.context().counters.generated.value(), 64u);
}

// The worker without an SA does not know what the outer packet will be.
TEST_P(EspFragmentTest, APacketHandedOverIsCutByTheOwnerOfTheSa) {
  BoxBench box{options(1280)};
  ASSERT_TRUE(box.mailboxes()[0]->send(handed_over(box, v6_packet(1280))));
  box.take_mail();
  const std::vector<Bytes> frames = box.sent_wan();
  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_EQ(box.open(put_together(frames)), v6_packet(1280));
}

// It is to find out whether the path carries it whole.
// Rule 31: refuses
TEST_P(EspFragmentTest, Row31AProbeIsNotCutNextToAPacketThatIs) {
  BoxBench box{options(1280)};
  rte_mbuf* probe = box.pool().take();
  write_padded_probe_request(probe, box.peer(), kTunnelB, 1400, 1300);
  ASSERT_TRUE(box.mailboxes()[0]->send(handed_over(box, v6_packet(1280))));
  ASSERT_TRUE(box.mailboxes()[0]->send(probe));
  box.take_mail();
  const std::vector<Bytes> frames = box.sent_wan();
  ASSERT_THAT(frames, SizeIs(3));
  EXPECT_THAT(frames[0], SizeIs(testing::Gt(kEthernet + 1300)));
  EXPECT_EQ(box.open(put_together({frames[1], frames[2]})), v6_packet(1280));
}

// Rule 31: holds
TEST(EspFragment, Row31ThreePiecesAreEnoughForTheNarrowestPath) {
  BoxBench box{{.udp_encapsulated = true, .path_mtu = 480, .outer_mtu = 576}};
  const std::vector<Bytes> frames = through(box, {v6_packet(1280)});
  ASSERT_THAT(frames, SizeIs(stage::kEspFragmentsMax));
  Bytes expected = v6_packet(1280);
  --expected[7];
  EXPECT_EQ(box.open(put_together(frames)), expected);
}

// Rule 31: holds
TEST(EspFragment, Row31AnErrorOfOurOwnCrossesANarrowerPathToo) {
  BoxBench box{{.path_mtu = 1190, .outer_mtu = 1280}};
  box.receive_wan(box.seal(pod_packet("fd00:2::9", "fd00:1:3::5", 1300, 1)));
  const std::vector<Bytes> frames = box.sent_wan();
  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_THAT(box.open(put_together(frames)), SizeIs(1280));
}

// As control may do at any time.
TEST(EspFragment, ThePathThatGotNarrowerInTheMiddleOfAPassOverflowsNothing) {
  for (const uint16_t path_mtu : std::initializer_list<uint16_t>{1400, 1200}) {
    BoxBench box{{.path_mtu = path_mtu, .outer_mtu = 576}};
    const std::vector<Bytes> frames = through(box, std::vector<Bytes>(64, v6_packet(1280)));
    EXPECT_THAT(frames, SizeIs(path_mtu == 1400 ? 64 : 64 * stage::kEspFragmentsMax));
    EXPECT_THAT(box.drops(), IsEmpty());
  }
}

TEST(EspFragment, APathThatCarriesNothingDropsByName) {
  BoxBench box{{.path_mtu = 100, .outer_mtu = 60}};
  EXPECT_THAT(through(box, {v6_packet(1280)}), IsEmpty());
  EXPECT_THAT(box.drops(), ElementsAre(Pair("mtu", 1)));
}

}  // namespace
}  // namespace raven::dataplane::test
