// classify, vxlan_in, inbox: whose packet is it?
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

// Where a frame ends: punted to the kernel, or dropped for a reason.
struct Case {
  std::string name;
  bool lan;
  Bytes frame;          // Ethernet addresses are put in front
  std::string outcome;  // "punt" or a drop reason
};
void PrintTo(const Case& given, std::ostream* out) {
  *out << given.name;
}

Bytes to_wan(uint8_t protocol, const Bytes& payload) {
  return ipv4(
      {.source = "198.51.100.2", .destination = "192.0.2.1", .protocol = protocol}, payload
  );
}
Bytes natt(const Bytes& payload) {
  return to_wan(17, udp(4500, 4500, payload));
}
Bytes to_lan(const Bytes& payload, const std::string& source = "10.9.0.11") {
  return ipv4({.source = source, .destination = "10.9.0.1"}, payload);
}
Bytes plain(const std::string& source, const std::string& destination) {
  return pod_packet(source, destination);
}
Bytes node_vxlan(const Bytes& inner_frame, uint32_t vni = 200, uint8_t flags = 8) {
  return to_lan(udp(50000, 4472, vxlan(inner_frame, vni, flags)));
}
const Bytes kInnerFrame =
    ethernet(kOverlayMac, kNodeOverlayMac, pod_packet("10.1.2.5", "10.2.7.9"));

const std::vector<Case> kCases = {
    // RFC 3948 section 2.2, 2.3, 4
    {"ike_with_marker", false, natt(Bytes{0, 0, 0, 0} + filled(40)), "punt"},
    {"keepalive", false, natt({0xff}), "natt_keepalive"},
    {"natt_empty", false, natt({}), "natt_port"},
    {"natt_one_byte", false, natt({0x00}), "natt_port"},
    {"natt_three_bytes", false, natt({1, 2, 3}), "natt_port"},
    {"natt_unknown_spi", false, natt(Bytes{0, 0, 0x77, 1} + filled(60)), "spi_unknown"},
    {"natt_reserved_spi", false, natt(Bytes{0, 0, 0, 200} + filled(60)), "spi_reserved"},
    {"natt_short_esp", false, natt({0, 0, 0x77, 1}), "esp_short"},
    {"ike_on_500", false, to_wan(17, udp(500, 500, filled(60))), "punt"},
    {"esp_unknown_spi", false, to_wan(50, Bytes{0, 0, 0x77, 1} + filled(60)), "spi_unknown"},
    {"esp_reserved_spi", false, to_wan(50, Bytes{0, 0, 0, 255} + filled(60)), "spi_reserved"},
    {"esp_zero_bytes", false, to_wan(50, {}), "esp_short"},
    {"later_fragment_to_the_box", false,
     ipv4(
         {.source = "198.51.100.2",
          .destination = "192.0.2.1",
          .protocol = 1,
          .fragment_offset = 1480},
         filled(64)
     ),
     "punt"},
    {"ah", false, to_wan(51, filled(40)), "punt"},
    {"ping_of_the_box", false, to_wan(1, icmp(8, 0, filled(20))), "punt"},
    {"udp_of_the_box", false, to_wan(17, udp(53, 5353, filled(20))), "punt"},
    {"udp_header_cut", false, to_wan(17, {1, 2, 3}), "outer_malformed"},
    {"udp_longer_than_ip", false, to_wan(17, slice(udp(4500, 4500, filled(40)), 0, 20)),
     "outer_malformed"},
    // malformed outer headers
    {"empty_frame", false, {}, "outer_malformed"},
    {"version_5", false, Bytes{0x55} + filled(40), "outer_malformed"},
    {"ihl_4", false, Bytes{0x44} + filled(40), "outer_malformed"},
    {"ihl_beyond_frame", false, Bytes{0x4f} + filled(25), "outer_malformed"},
    {"total_length_beyond_frame", false,
     ipv4({.source = "198.51.100.2", .destination = "192.0.2.1", .length_error = 1}, filled(40)),
     "outer_malformed"},
    {"bad_header_checksum", false,
     ipv4({.source = "198.51.100.2", .destination = "192.0.2.1", .bad_checksum = true}, filled(40)),
     "outer_malformed"},
    {"ipv6_cut", false, Bytes{0x60} + filled(20), "outer_malformed"},
    // VXLAN (RFC 7348)
    {"vxlan_flag_missing", true, node_vxlan(kInnerFrame, 200, 0), "vxlan_flags"},
    {"vxlan_short", true, to_lan(udp(50000, 4472, filled(7, 8))), "vxlan_flags"},
    {"vxlan_other_vni", true, node_vxlan(kInnerFrame, 201), "vxlan_vni"},
    {"vxlan_without_inner", true, node_vxlan({}), "vxlan_inner"},
    {"vxlan_inner_13_bytes", true, node_vxlan(filled(13)), "vxlan_inner"},
    {"vxlan_inner_arp", true,
     node_vxlan(ethernet(kOverlayMac, kNodeOverlayMac, 0x0806, filled(28))), "vxlan_inner"},
    {"vxlan_inner_vlan", true,
     node_vxlan(ethernet(
         kOverlayMac, kNodeOverlayMac, 0x8100,
         Bytes{0, 5, 8, 0} + pod_packet("10.1.2.5", "10.2.7.9")
     )),
     "vxlan_inner"},
    {"vxlan_inner_for_another", true,
     node_vxlan(ethernet(kNodeOverlayMac, kNodeOverlayMac, plain("10.1.2.5", "10.2.7.9"))),
     "vxlan_inner"},
    {"vxlan_inner_cut", true, node_vxlan(slice(kInnerFrame, 0, 14 + 30)), "malformed"},
    {"vxlan_of_a_stranger", true, to_lan(udp(50000, 4472, vxlan(kInnerFrame)), "10.9.0.99"),
     "vxlan_peer"},
    {"vxlan_on_the_wan", false,
     ipv4(
         {.source = "10.9.0.11", .destination = "192.0.2.1"}, udp(50000, 4472, vxlan(kInnerFrame))
     ),
     "vxlan_peer"},
    {"vxlan_source_spoofed", true,
     node_vxlan(ethernet(kOverlayMac, kNodeOverlayMac, plain("10.2.2.5", "10.2.7.9"))), "spoof"},
    {"vxlan_between_nodes", true,
     node_vxlan(ethernet(kOverlayMac, kNodeOverlayMac, plain("10.1.2.5", "10.1.3.9"))), "hairpin"},
    {"vxlan_to_nowhere", true,
     node_vxlan(ethernet(kOverlayMac, kNodeOverlayMac, plain("10.1.2.5", "8.8.8.8"))), "no_route"},
    // plain IP: anti-spoofing and the clear-text rule
    {"lan_source_foreign", true, plain("10.77.0.1", "10.2.7.9"), "spoof"},
    {"lan_source_unspecified", true, plain("0.0.0.0", "10.2.7.9"), "spoof"},
    {"lan_source_multicast", true, plain("224.0.0.5", "10.2.7.9"), "spoof"},
    {"lan_source_remote", true, plain("10.2.7.9", "10.2.7.10"), "clear_text"},
    {"lan_source_of_lost_pool", true, plain("10.4.7.9", "10.1.2.5"), "clear_text"},
    {"lan_to_internet", true, plain("10.1.2.5", "8.8.8.8"), "punt"},
    {"lan_inside_the_site", true, plain("10.1.2.5", "10.1.3.5"), "punt"},
    {"lan_to_own_pod", true, plain("10.1.2.5", "10.1.1.5"), "punt"},
    {"lan_v6_source_foreign", true, plain("fd00:77::1", "fd00:2::9"), "spoof"},
    {"lan_v6_source_remote", true, plain("fd00:2::1", "fd00:1:2::9"), "clear_text"},
    {"wan_from_remote_pod", false, plain("10.2.7.9", "10.1.2.5"), "clear_text"},
    {"wan_to_local_pod", false, plain("203.0.113.9", "10.1.2.5"), "clear_text"},
    {"wan_to_remote_pod", false, plain("10.1.2.5", "10.2.7.9"), "clear_text"},
    {"wan_to_elsewhere", false, plain("203.0.113.9", "203.0.113.10"), "punt"},
    {"source_routed", true,
     ipv4(
         {.source = "10.1.2.5", .destination = "10.2.7.9", .options = {131, 7, 4, 10, 2, 0, 1, 0}},
         udp(1, 2, {})
     ),
     "source_route"},
    {"option_of_length_0", true,
     ipv4(
         {.source = "10.1.2.5", .destination = "10.2.7.9", .options = {7, 0, 0, 0}}, udp(1, 2, {})
     ),
     "outer_malformed"},
};

class ClassifyTest : public testing::TestWithParam<Case> {};

// Rule 1: refuses.  Rule 2: refuses.  Rule 20: refuses.  Rule 46: refuses.  Rule 55: refuses
TEST_P(ClassifyTest, EndsWhereItShould) {
  BoxBench box;
  Port& port = GetParam().lan ? box.lan() : box.wan();
  const Mac mac = port.mac().text();
  const Bytes& given = GetParam().frame;
  const Bytes frame = given.empty() ? Bytes{1, 2, 3} : ethernet(mac, kRouterMac, given);
  box.receive(port, {frame});
  const auto to_kernel = box.to_kernel();
  if (GetParam().outcome == "punt") {
    EXPECT_THAT(box.drops(), IsEmpty());
    ASSERT_THAT(to_kernel, SizeIs(1));
    EXPECT_EQ(to_kernel[0].port, port.index());
    EXPECT_EQ(to_kernel[0].packet, frame) << "the kernel gets the frame as it came";
  } else {
    EXPECT_THAT(box.drops(), ElementsAre(Pair(GetParam().outcome, 1)));
    EXPECT_THAT(to_kernel, IsEmpty());
  }
  EXPECT_THAT(box.sent_lan(), IsEmpty());
  EXPECT_THAT(box.sent_wan(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Frames, ClassifyTest, testing::ValuesIn(kCases), [](const auto& given) {
  return given.param.name;
});

// Rule 20: holds
TEST(Classify, FramesThatAreNotIpAreTheKernels) {
  BoxBench box;
  for (const uint16_t type : std::initializer_list<uint16_t>{0x0806, 0x88cc, 0x8100, 0x0026}) {
    box.receive_lan(ethernet(box.lan_mac(), kNodeVxMac, type, filled(46)));
    EXPECT_THAT(box.to_kernel(), SizeIs(1)) << type;
  }
  box.receive_lan(ethernet("ff:ff:ff:ff:ff:ff", kNodeVxMac, 0x0806, filled(46)));
  box.receive_lan(ethernet("33:33:00:00:00:01", kNodeVxMac, pod_packet("fd00:1:2::5", "ff02::1")));
  EXPECT_THAT(box.to_kernel(), SizeIs(2));
  EXPECT_THAT(box.drops(), IsEmpty());
}

TEST(Classify, EthernetTypeThatLiesIsMalformed) {
  BoxBench box;
  box.receive_lan(ethernet(box.lan_mac(), kNodeVxMac, 0x86dd, pod_packet("10.1.2.5", "10.2.7.9")));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("outer_malformed", 1)));
}

TEST(Classify, FrameForAnotherHostIsDroppedOnAnOwnedPort) {
  BoxBench box;
  box.receive_lan(ethernet(kNodeDiMac, kNodeVxMac, pod_packet("10.1.2.5", "10.2.7.9")));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("other_host", 1)));
}

TEST(Classify, SharedPortLeavesTheKernelItsOwnCopy) {
  BoxBench box{{.owned = false}};
  box.receive_lan(ethernet(kNodeDiMac, kNodeVxMac, pod_packet("10.1.2.5", "10.2.7.9")));
  box.receive_lan(ethernet(box.lan_mac(), kNodeVxMac, 0x0806, filled(46)));
  EXPECT_THAT(box.drops(), IsEmpty());
  EXPECT_THAT(box.to_kernel(), IsEmpty());
  EXPECT_EQ(box.context().counters.ports[0].punted.value(), 2u);
  // What the dataplane claims works as on an owned one.
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.2.5", "10.2.7.9")));
  EXPECT_THAT(box.sent_wan(), SizeIs(1));
}

TEST(Classify, EthernetPaddingIsCutBeforeEncryption) {
  BoxBench box;
  const Bytes inner = pod_packet("10.1.2.5", "10.2.7.9", 1);
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, inner + Bytes(17, 0xee)));
  const std::vector<Bytes> sent = box.sent_wan();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(box.open(sent[0]).size(), inner.size());
}

TEST(Inbox, KernelFrameGoesOutOnItsPortUnchanged) {
  BoxBench box;
  const Bytes arp = ethernet(kRouterMac, box.wan_mac(), 0x0806, filled(46));
  const Bytes ike = ethernet(
      kRouterMac, box.wan_mac(),
      ipv4(
          {.source = "192.0.2.1", .destination = "198.51.100.2"},
          udp(4500, 4500, Bytes(4, 0) + filled(28))
      )
  );
  box.from_tap(box.wan(), arp);
  box.from_tap(box.wan(), ike);
  EXPECT_THAT(box.sent_wan(), ElementsAre(arp, ike));
}

// Rule 21: refuses
TEST(Inbox, KernelFrameWithPodTrafficOfAnotherSiteIsNeverSentInClear) {
  BoxBench box;
  for (const char* destination : {"10.2.7.9", "10.3.7.9", "10.4.7.9", "fd00:2::9"}) {
    const bool v6 = std::string{destination}.find(':') != std::string::npos;
    box.from_tap(
        box.wan(),
        ethernet(
            kRouterMac, box.wan_mac(), pod_packet(v6 ? "fd00:1:1::5" : "10.1.1.5", destination)
        )
    );
    EXPECT_THAT(box.drops(), ElementsAre(Pair("clear_text", 1))) << destination;
  }
  EXPECT_THAT(box.sent_wan(), IsEmpty());
}

// Rule 21: refuses
TEST(Inbox, VlanTagsDoNotHidePodTrafficOfAnotherSite) {
  BoxBench box;
  const Bytes plain = ethernet(kRouterMac, box.wan_mac(), pod_packet("10.1.1.5", "10.2.7.9"));
  const Bytes tag{0x81, 0x00, 0x00, 0x05};
  Bytes tagged = plain;
  for (unsigned tags = 1; tags <= 3; ++tags) {
    tagged.insert(tagged.begin() + 12, tag.begin(), tag.end());
    box.from_tap(box.wan(), tagged);
    EXPECT_THAT(box.drops(), ElementsAre(Pair("clear_text", 1))) << tags << " tags";
  }
  EXPECT_THAT(box.sent_wan(), IsEmpty());
}

TEST(Inbox, KernelPacketFromOutsideThePoolIsSpoofed) {
  BoxBench box;
  box.from_kernel(pod_packet("192.0.2.1", "10.2.7.9"));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("spoof", 1)));
  box.from_kernel(pod_packet("10.1.1.5", "8.8.8.8"));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("no_route", 1)));
  box.from_kernel(filled(30));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("malformed", 1)));
}

// A gateway box of the pool decrypted it and the pod is on this one.
TEST(VxlanIn, PacketOfAnotherPoolForAnOwnPodIsPassedOnByAGatewayBox) {
  BoxBench box;
  const Bytes inner = plain("10.2.7.9", "10.1.1.5");
  const Bytes frame = vxlan(ethernet(kOverlayMac, kNodeOverlayMac, inner));
  box.receive_lan(ethernet(box.lan_mac(), kNodeVxMac, to_lan(udp(50000, 4472, frame), "10.9.0.13"))
  );
  const auto to_kernel = box.to_kernel();
  ASSERT_THAT(to_kernel, SizeIs(1));
  EXPECT_EQ(to_kernel[0].packet, inner);
}

TEST(VxlanIn, PlainNodeMayNotPassOnPacketsOfAnotherPool) {
  BoxBench box;
  const Bytes frame =
      node_vxlan(ethernet(kOverlayMac, kNodeOverlayMac, plain("10.2.7.9", "10.1.1.5")));
  box.receive_lan(ethernet(box.lan_mac(), kNodeVxMac, frame));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("not_gateway", 1)));
  EXPECT_THAT(box.to_kernel(), IsEmpty());
}

TEST(VxlanIn, GatewayBoxMayNotPassOnToNodesOrWithASourceOfNobody) {
  for (const Bytes& inner : {plain("10.2.7.9", "10.1.2.5"), plain("8.8.8.8", "10.1.1.5")}) {
    BoxBench box;
    const Bytes frame = vxlan(ethernet(kOverlayMac, kNodeOverlayMac, inner));
    box.receive_lan(
        ethernet(box.lan_mac(), kNodeVxMac, to_lan(udp(50000, 4472, frame), "10.9.0.13"))
    );
    EXPECT_THAT(box.drops(), ElementsAre(Pair("spoof", 1)));
  }
}

// Rule 55: holds
TEST(VxlanIn, Row55ReservedBitsAndTheUdpChecksumAreNotLookedAt) {
  BoxBench box;
  Bytes header = vxlan(kInnerFrame, 200, 0xff);
  header[1] = header[2] = header[3] = header[7] = 0xff;
  Bytes datagram = udp(50000, 4472, header);
  set_u16(datagram, 6, 0x1234);
  box.receive_lan(ethernet(box.lan_mac(), kNodeVxMac, to_lan(datagram)));
  EXPECT_THAT(box.drops(), IsEmpty());
  EXPECT_THAT(box.sent_wan(), SizeIs(1));
}

TEST(EspIn, SaWhosePeerIsNotKnownYetDropsByName) {
  BoxBench box;
  const SadEntry entry{
      .spi = 0x1001, .peer = kNoPeer, .worker = WorkerId{0}, .sa = &box.inbound_sa()};
  box.writer().publish_sad({&entry, 1});
  box.receive_wan(box.seal(plain("10.2.7.9", "10.1.3.5")));
  EXPECT_THAT(box.drops(), ElementsAre(Pair("unknown_peer", 1)));
}

struct TunnelCase {
  std::string name, source, destination, outcome;
};
void PrintTo(const TunnelCase& given, std::ostream* out) {
  *out << given.name;
}
class FromTunnelTest : public testing::TestWithParam<TunnelCase> {};

// RFC 4301 section 5.2 step 4.
// Rule 19: refuses
TEST_P(FromTunnelTest, IsHeldToThePrefixesOfThePeersPool) {
  BoxBench box;
  box.receive_wan(box.seal(pod_packet(GetParam().source, GetParam().destination)));
  EXPECT_THAT(box.drops(), ElementsAre(Pair(GetParam().outcome, 1)));
  EXPECT_THAT(box.sent_lan(), IsEmpty());
  EXPECT_THAT(box.sent_wan(), IsEmpty());
  EXPECT_THAT(box.to_kernel(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Sources, FromTunnelTest,
    testing::Values(
        TunnelCase{"own_pod", "10.1.2.5", "10.1.3.5", "spoof"},
        TunnelCase{"another_pool", "10.3.7.9", "10.1.3.5", "spoof"},
        TunnelCase{"the_box", "192.0.2.1", "10.1.3.5", "spoof"},
        TunnelCase{"peers_outer_address", "198.51.100.2", "10.1.3.5", "spoof"},
        TunnelCase{"internet", "8.8.8.8", "10.1.3.5", "spoof"},
        TunnelCase{"v6_another_pool", "fd00:3::9", "fd00:1:3::5", "spoof"},
        TunnelCase{"transit_to_another_pool", "10.2.7.9", "10.3.1.1", "hairpin"},
        TunnelCase{"back_to_its_own_pool", "10.2.7.9", "10.2.1.1", "hairpin"},
        TunnelCase{"to_the_box", "10.2.7.9", "192.0.2.1", "no_route"},
        TunnelCase{"to_the_internet", "10.2.7.9", "8.8.8.8", "no_route"}
    ),
    [](const auto& given) { return given.param.name; }
);

}  // namespace
}  // namespace raven::dataplane::test
