// What one look at a packet tells, as people read it.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/headers.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::dataplane::test {
namespace {

constexpr char kOne[] = "192.0.2.1", kTwo[] = "198.51.100.2";

std::string look(const Bytes& bytes, Layer layer = Layer::kIp) {
  return summary(read_headers(bytes.data(), static_cast<uint32_t>(bytes.size()), layer));
}

TEST(Headers, TellProtocolAddressesAndPorts) {
  EXPECT_EQ(
      look(ipv4({.source = kOne, .destination = kTwo}, udp(1000, 53, filled(4)))),
      "UDP 192.0.2.1:1000 > 198.51.100.2:53"
  );
  EXPECT_EQ(
      look(ipv4(
          {.source = kOne, .destination = kTwo, .protocol = 6}, tcp({.flags = 0x12}, kOne, kTwo)
      )),
      "TCP 192.0.2.1:40000 > 198.51.100.2:80 SYN,ACK"
  );
  EXPECT_EQ(
      look(ipv4({.source = kOne, .destination = kTwo, .protocol = 1}, icmp(8, 0, filled(4)))),
      "ICMP 192.0.2.1 > 198.51.100.2 echo request"
  );
  EXPECT_EQ(
      look(ipv6({.source = "fd00::1", .destination = "fd00::2"}, udp(1, 2, {}))),
      "UDP [fd00::1]:1 > [fd00::2]:2"
  );
}

TEST(Headers, TellSpiAndSequenceOfEspAlsoInUdp) {
  const Bytes esp = from_hex("0000100100000007") + filled(16);
  EXPECT_EQ(
      look(ipv4({.source = kOne, .destination = kTwo, .protocol = 50}, esp)),
      "ESP 192.0.2.1 > 198.51.100.2 spi 00001001 seq 7"
  );
  EXPECT_EQ(
      look(ipv4({.source = kOne, .destination = kTwo}, udp(4500, 4500, esp))),
      "UDP 192.0.2.1:4500 > 198.51.100.2:4500 ESP spi 00001001 seq 7"
  );
  EXPECT_EQ(
      look(ipv4({.source = kOne, .destination = kTwo}, udp(4500, 4500, Bytes(24, 0)))),
      "UDP 192.0.2.1:4500 > 198.51.100.2:4500"
  ) << "the non-ESP marker: IKE";
}

TEST(Headers, SayWhatIsNotIpOrCannotBeRead) {
  const Mac mac = "02:00:00:00:00:01";
  EXPECT_EQ(look(ethernet(mac, mac, 0x0806, filled(28)), Layer::kEthernet), "ARP");
  EXPECT_EQ(look(ethernet(mac, mac, 0x0800, {0x45, 0}), Layer::kEthernet), "malformed IPv4");
  EXPECT_EQ(look({}), "not readable");
  EXPECT_EQ(look({}, Layer::kEthernet), "not readable");
}

TEST(Headers, ReadNoPortsFromALaterFragment) {
  const Headers headers = [] {
    const Bytes bytes =
        ipv4({.source = kOne, .destination = kTwo, .fragment_offset = 800}, filled(64, 1));
    return read_headers(bytes.data(), static_cast<uint32_t>(bytes.size()), Layer::kIp);
  }();
  EXPECT_TRUE(headers.is_fragment);
  EXPECT_EQ(headers.destination_port, 0);
  EXPECT_EQ(summary(headers), "UDP 192.0.2.1 > 198.51.100.2 fragment");
}

TEST(Headers, FindThePacketOfAPodInsideVxlan) {
  const Mac mac = "02:00:00:00:00:01";
  const Bytes inner =
      ethernet(mac, mac, ipv4({.source = "10.1.2.5", .destination = "10.2.7.9"}, udp(1, 2, {})));
  const Bytes outer =
      ethernet(mac, mac, ipv4({.source = kOne, .destination = kTwo}, udp(9, 4472, vxlan(inner))));
  const auto size = static_cast<uint32_t>(outer.size());
  const Headers of_outer = read_headers(outer.data(), size, Layer::kEthernet);
  EXPECT_EQ(summary(read_vxlan_inner(outer.data(), size, of_outer)), "UDP 10.1.2.5:1 > 10.2.7.9:2");
  for (uint32_t cut = 0; cut < size; ++cut)
    EXPECT_EQ(read_vxlan_inner(outer.data(), cut, of_outer).family, 0) << cut;
}

}  // namespace
}  // namespace raven::dataplane::test
