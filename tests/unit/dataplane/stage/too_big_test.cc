// ICMP messages of routers about our own ESP packets.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/too_big.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {
namespace {

using testing::SizeIs;

// What the box sends for a pod: the outer IP packet.
Bytes sent_packet(BoxBench& box) {
  box.receive_lan(ethernet(box.lan_mac(), kNodeDiMac, pod_packet("10.1.3.5", "10.2.7.9", 1200)));
  return slice(box.sent_wan().at(0), 14);
}

Bytes needed(const Bytes& quote, uint16_t mtu, uint8_t type = 3, uint8_t code = 4) {
  const Bytes rest{0, 0, static_cast<uint8_t>(mtu >> 8), static_cast<uint8_t>(mtu)};
  return ipv4(
      {.source = "203.0.113.1", .destination = "192.0.2.1", .protocol = 1},
      icmp(type, code, rest + quote)
  );
}

Bytes too_big_v6(const Bytes& quote, uint16_t mtu) {
  Bytes message =
      Bytes{2, 0, 0, 0, 0, 0, static_cast<uint8_t>(mtu >> 8), static_cast<uint8_t>(mtu)} + quote;
  const std::string router = "2001:db8:9::1", box = "2001:db8::1";
  set_u16(message, 2, internet_checksum(pseudo_header(router, box, 58, message.size()) + message));
  return ipv6({.source = router, .destination = box, .next_header = 58}, message);
}

// The report about one message from the WAN; the kernel gets the message whatever it is.
std::optional<TooBig> report_of(BoxBench& box, const Bytes& message) {
  box.receive_wan(ethernet(box.wan_mac(), kRouterMac, message));
  EXPECT_THAT(box.to_kernel(), SizeIs(1));
  return box.context().too_bigs.take();
}

class TooBigTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Kinds, TooBigTest, testing::Bool(), [](const auto& given) {
  return given.param ? "udp" : "plain";
});

// Rule 31: holds
TEST_P(TooBigTest, Row31MessageAboutOurPacketIsReported) {
  BoxBench box{{.udp_encapsulated = GetParam()}};
  const Bytes packet = sent_packet(box);
  // No more than 8 bytes behind the header with SPI and number must be quoted.
  const auto report = report_of(box, needed(slice(packet, 0, GetParam() ? 36 : 28), 1400));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->peer.text(), "198.51.100.2");
  EXPECT_EQ(report->spi, 0x2002u);
  EXPECT_EQ(report->sequence, 1u);
  EXPECT_EQ(report->mtu, 1400u);
  EXPECT_EQ(report->quoted_size, packet.size()) << "not what is left of it";
}

// Rule 31: holds
TEST(TooBig, Row31MessageOverIpv6IsReported) {
  BoxBench box;
  const Bytes esp = slice(sent_packet(box), 20);
  const Bytes quote =
      ipv6({.source = "2001:db8::1", .destination = "2001:db8::2", .next_header = 50}, esp);
  const auto report = report_of(box, too_big_v6(quote, 1300));
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->peer.text(), "2001:db8::2");
  EXPECT_EQ(report->spi, 0x2002u);
  EXPECT_EQ(report->mtu, 1300u);
  EXPECT_EQ(report->quoted_size, quote.size());
}

// Rule 31: refuses
TEST(TooBig, Row31OtherMessagesAreNotReported) {
  BoxBench box;
  const Bytes packet = sent_packet(box);
  EXPECT_FALSE(report_of(box, needed(packet, 1400, 3, 1))) << "unreachable";
  EXPECT_FALSE(report_of(box, needed(packet, 1400, 11, 0))) << "time exceeded";
  EXPECT_FALSE(report_of(box, needed(packet, 1400, 8, 0))) << "ping";
  EXPECT_FALSE(report_of(box, needed(slice(packet, 0, 27), 1400))) << "no number";
  EXPECT_FALSE(report_of(box, needed({}, 1400)));
  Bytes damaged = needed(packet, 1400);
  damaged[27] ^= 1;
  EXPECT_FALSE(report_of(box, damaged)) << "checksum";
}

// Rule 31: refuses
TEST(TooBig, Row31QuotesOfOtherPacketsAreNotReported) {
  BoxBench box;
  const Bytes packet = sent_packet(box);
  const Bytes esp = slice(packet, 20);
  const auto quote = [&](const Ipv4Fields& fields) { return needed(ipv4(fields, esp), 1400); };
  const std::string box_address = "192.0.2.1", peer = "198.51.100.2";
  EXPECT_FALSE(report_of(box, quote({.source = "192.0.2.9", .destination = peer, .protocol = 50})))
      << "not from us";
  EXPECT_FALSE(report_of(
      box, quote({.source = box_address, .destination = peer, .protocol = 50, .fragment_offset = 8})
  )) << "later fragment";
  EXPECT_FALSE(report_of(box, quote({.source = box_address, .destination = peer, .protocol = 6})))
      << "TCP";
  Bytes wrong_version = packet;
  wrong_version[0] = 0x65;
  EXPECT_FALSE(report_of(box, needed(wrong_version, 1400)));
}

}  // namespace
}  // namespace raven::dataplane::test
