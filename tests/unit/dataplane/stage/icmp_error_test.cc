// ICMP errors: when, to whom, and what they hold.
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

Bytes from_node(BoxBench& box, const Bytes& ip) {
  return ethernet(box.lan_mac(), kNodeDiMac, ip);
}

// Rule 26: refuses.  Rule 36: holds
TEST(IcmpError, TimeExceededGoesBackToTheNodeAndQuotesThePacket) {
  BoxBench box;
  const Bytes packet = pod_packet("10.1.3.5", "10.2.7.9", 32, 1);
  box.receive_lan(from_node(box, packet));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("ttl", 1)));
  const std::vector<Bytes> sent = box.sent_lan();
  ASSERT_THAT(sent, SizeIs(1));
  const Bytes error = slice(sent[0], 14);
  EXPECT_TRUE(ipv4_checksum_holds(error));
  EXPECT_EQ(slice(error, 12, 8), address_bytes("10.1.1.1") + address_bytes("10.1.3.5"));
  EXPECT_EQ(slice(error, 20), icmp(11, 0, Bytes{0, 0, 0, 0} + packet));
}

TEST(IcmpError, TimeExceededOfADecryptedPacketGoesBackThroughTheTunnel) {
  BoxBench box;
  const Bytes packet = pod_packet("10.2.7.9", "10.1.3.5", 32, 1);
  box.receive_wan(box.seal(packet));
  EXPECT_THAT(box.sent_lan(), IsEmpty());
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  const Bytes error = box.open(sent[0]);
  EXPECT_EQ(slice(error, 12, 8), address_bytes("10.1.1.1") + address_bytes("10.2.7.9"));
  EXPECT_EQ(slice(error, 20), icmp(11, 0, Bytes{0, 0, 0, 0} + packet));
}

// Rule 26: refuses.  Rule 36: holds
TEST(IcmpError, HopLimitExceededOfIpv6IsChecksummed) {
  BoxBench box;
  const Bytes packet = pod_packet("fd00:1:3::5", "fd00:2::9", 32, 1);
  box.receive_lan(from_node(box, packet));
  const std::vector<Bytes> sent = box.sent_lan();
  ASSERT_THAT(sent, SizeIs(1));
  const Bytes error = slice(sent[0], 14);
  EXPECT_EQ(error[6], 58);
  EXPECT_EQ(error[40], 3);
  EXPECT_TRUE(l4_checksum_holds(error));
  EXPECT_EQ(slice(error, 48), packet);
}

// Rule 32: refuses
TEST(IcmpError, FragmentationNeededTellsTheInnerMtu) {
  BoxBench box{{.path_mtu = 1300}};
  const Bytes packet = pod_packet("10.1.3.5", "10.2.7.9", 1400, 64, true);
  box.receive_lan(from_node(box, packet));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("mtu", 1)));
  EXPECT_THAT(box.sent_wan(), IsEmpty());
  const std::vector<Bytes> sent = box.sent_lan();
  ASSERT_THAT(sent, SizeIs(1));
  const Bytes error = slice(sent[0], 14);
  EXPECT_EQ(error.size(), 576u);
  EXPECT_EQ(error[20], 3);
  EXPECT_EQ(error[21], 4);
  EXPECT_EQ(u16_at(error, 26), 1300);
  EXPECT_EQ(internet_checksum(slice(error, 20)), 0);
}

// Rule 32: refuses
TEST(IcmpError, PacketTooBigTellsTheInnerMtu) {
  BoxBench box{{.path_mtu = 1300}};
  box.receive_lan(from_node(box, pod_packet("fd00:1:3::5", "fd00:2::9", 1400)));
  const std::vector<Bytes> sent = box.sent_lan();
  ASSERT_THAT(sent, SizeIs(1));
  const Bytes error = slice(sent[0], 14);
  EXPECT_EQ(error.size(), 1280u);
  EXPECT_EQ(error[40], 2);
  EXPECT_EQ(u16_at(error, 46), 1300);
  EXPECT_TRUE(l4_checksum_holds(error));
}

struct Silent {
  std::string name;
  Bytes packet;  // from the LAN, TTL 1
};
void PrintTo(const Silent& given, std::ostream* out) {
  *out << given.name;
}
class SilentTest : public testing::TestWithParam<Silent> {};

// RFC 1812 section 4.3.2.7, RFC 4443 section 2.4 (e).
// Rule 36: refuses
TEST_P(SilentTest, NoErrorAboutIt) {
  BoxBench box;
  box.receive_lan(from_node(box, GetParam().packet));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("ttl", 1)));
  EXPECT_THAT(box.sent_lan(), IsEmpty());
}

Bytes dying_v4(uint8_t protocol, const Bytes& payload, uint16_t offset = 0) {
  return ipv4(
      {.source = "10.1.3.5",
       .destination = "10.2.7.9",
       .protocol = protocol,
       .ttl = 1,
       .fragment_offset = offset},
      payload
  );
}
Bytes dying_v6(uint8_t next, const Bytes& payload) {
  return ipv6(
      {.source = "fd00:1:3::5", .destination = "fd00:2::9", .next_header = next, .hop_limit = 1},
      payload
  );
}

INSTANTIATE_TEST_SUITE_P(
    Packets, SilentTest,
    testing::Values(
        Silent{"unreachable", dying_v4(1, icmp(3, 1, filled(32)))},
        Silent{"source_quench", dying_v4(1, icmp(4, 0, filled(32)))},
        Silent{"redirect", dying_v4(1, icmp(5, 0, filled(32)))},
        Silent{"time_exceeded", dying_v4(1, icmp(11, 0, filled(32)))},
        Silent{"parameter_problem", dying_v4(1, icmp(12, 0, filled(32)))},
        Silent{"icmp_cut", dying_v4(1, {3, 1})},
        Silent{"later_fragment", dying_v4(17, filled(32), 1480)},
        Silent{"v6_too_big", dying_v6(58, icmp(2, 0, filled(40)))},
        Silent{"v6_later_fragment", dying_v6(44, Bytes{17, 0, 0x05, 0xc8, 1, 2, 3, 4} + filled(16))}
    ),
    [](const auto& given) { return given.param.name; }
);

// Rule 36: holds
TEST(IcmpError, EchoRequestIsAnswered) {
  BoxBench box;
  box.receive_lan(from_node(box, dying_v4(1, icmp(8, 0, filled(32)))));
  EXPECT_THAT(box.sent_lan(), SizeIs(1));
}

// Rule 37: refuses
TEST(IcmpError, Row37FloodOfOneHostIsAnsweredAtTheLimitedRate) {
  BoxBench box;
  const Bytes frame = from_node(box, pod_packet("10.1.3.5", "10.2.7.9", 32, 1));
  for (int i = 0; i < 20; ++i) box.receive(box.lan(), std::vector<Bytes>(50, frame));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("ttl", 1000)));
  // Ten at once; more only as time passes, and 1000 packets take no second.
  EXPECT_GE(box.sent_lan().size(), 10u);
  EXPECT_LT(box.context().counters.generated.value(), 30u);
}

TEST(IcmpError, WithoutAnOwnAddressTheDestinationOfThePacketStandsIn) {
  BoxBench box;
  auto bare = std::make_unique<LocalBox>();
  bare->add_address(IpAddress::v4(0xc0000201));
  box.writer().publish_box(std::move(bare));
  box.receive_lan(from_node(box, pod_packet("10.1.3.5", "10.2.7.9", 32, 1)));
  box.receive_wan(box.seal(pod_packet("10.2.7.9", "10.1.3.5", 32, 1)));
  const std::vector<Bytes> to_node = box.sent_lan();
  ASSERT_THAT(to_node, SizeIs(1));
  EXPECT_EQ(slice(to_node[0], 26, 8), address_bytes("10.2.7.9") + address_bytes("10.1.3.5"));
  const std::vector<Bytes> to_peer = box.sent_wan();
  ASSERT_THAT(to_peer, SizeIs(1));
  EXPECT_EQ(
      slice(box.open(to_peer[0]), 12, 8), address_bytes("10.1.3.5") + address_bytes("10.2.7.9")
  );
}

// The kernel drops what claims to come from one of its own addresses.
TEST(IcmpError, ErrorForTheKernelNeverComesFromTheBoxItself) {
  BoxBench box{{.path_mtu = 1300}};
  box.from_kernel(pod_packet("10.1.1.5", "10.2.7.9", 1400, 64, true));
  box.from_kernel(pod_packet("fd00:1:1::5", "fd00:2::9", 1400));
  const auto errors = box.to_kernel();
  ASSERT_THAT(errors, SizeIs(2));
  EXPECT_EQ(slice(errors[0].packet, 12, 8), address_bytes("10.2.7.9") + address_bytes("10.1.1.5"));
  EXPECT_EQ(u16_at(errors[0].packet, 26), 1300);
  EXPECT_EQ(
      slice(errors[1].packet, 8, 32), address_bytes("fd00:2::9") + address_bytes("fd00:1:1::5")
  );
  EXPECT_TRUE(l4_checksum_holds(errors[1].packet));
}

}  // namespace
}  // namespace raven::dataplane::test
