// The outer header: fields taken from the inner packet, checksums, room.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/outer_header.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane::test {
namespace {

struct Outer {
  bool v6 = false;
  bool udp = false;
};

SaConfig config_for(const Outer& outer, Algorithm algorithm = Algorithm::kAes128Gcm) {
  SaConfig config = sa_config(Direction::kOutbound, algorithm);
  if (outer.v6) {
    config.outer.source = IpAddress::parse("2001:db8::1").value_or({});
    config.outer.destination = IpAddress::parse("2001:db8::2").value_or({});
  }
  if (outer.udp) config.outer.source_port = config.outer.destination_port = 4500;
  return config;
}

uint32_t be16(const Bytes& bytes, std::size_t offset) {
  return static_cast<uint32_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

uint8_t traffic_class_of(const Bytes& packet) {
  if (packet[0] >> 4 == 4) return packet[1];
  return static_cast<uint8_t>(packet[0] << 4 | packet[1] >> 4);
}

Bytes seal(const SaConfig& config, const Bytes& inner) {
  Worker worker;
  const auto sa = worker.outbound(config);
  return worker.seal(*sa, inner).packet;
}

class OuterHeaderKinds : public testing::TestWithParam<Outer> {};

TEST_P(OuterHeaderKinds, HasRightLengthsAndAddresses) {
  for (const uint32_t size : {40u, 41u, 42u, 43u, 1400u}) {
    const SaConfig config = config_for(GetParam());
    const Bytes packet = seal(config, ipv4_packet(size));
    const std::size_t ip = GetParam().v6 ? 40 : 20;
    const std::size_t udp = GetParam().udp ? 8 : 0;
    const std::size_t text = (size + 2 + 3) / 4 * 4;
    ASSERT_EQ(packet.size(), ip + udp + 8 + 8 + text + 16);
    if (GetParam().v6) {
      EXPECT_EQ(be16(packet, 4), packet.size() - 40);
      EXPECT_EQ(packet[6], GetParam().udp ? 17 : 50);
      EXPECT_EQ(packet[7], 64) << "hop limit";
      EXPECT_EQ(IpAddress::v6_bytes(&packet[8]), config.outer.source);
      EXPECT_EQ(IpAddress::v6_bytes(&packet[24]), config.outer.destination);
    } else {
      EXPECT_EQ(be16(packet, 2), packet.size());
      EXPECT_TRUE(ipv4_checksum_is_right(packet));
      EXPECT_EQ(packet[8], 64) << "row 26: a fresh TTL";
      EXPECT_EQ(packet[9], GetParam().udp ? 17 : 50);
      EXPECT_EQ(IpAddress::v4_bytes(&packet[12]), config.outer.source);
      EXPECT_EQ(IpAddress::v4_bytes(&packet[16]), config.outer.destination);
    }
    if (GetParam().udp) {
      EXPECT_EQ(be16(packet, ip), 4500u);
      EXPECT_EQ(be16(packet, ip + 2), 4500u);
      EXPECT_EQ(be16(packet, ip + 4), packet.size() - ip);
    }
    EXPECT_EQ(be16(packet, ip + udp + 2), 0x1001u) << "SPI";
  }
}

// Rule 24: holds.  Rule 24: refuses
TEST_P(OuterHeaderKinds, Row24CopiesEcnForAllDscpRules) {
  for (const bool copy : {true, false})
    for (uint8_t ecn = 0; ecn < 4; ++ecn) {
      SaConfig config = config_for(GetParam());
      config.dscp = {.copy = copy, .value = 46};
      const auto inner_class = static_cast<uint8_t>(10 << 2 | ecn);
      for (const Bytes& inner : {ipv4_packet(80, inner_class), ipv6_packet(80, inner_class)})
        EXPECT_EQ(traffic_class_of(seal(config, inner)), (copy ? 10 : 46) << 2 | ecn);
    }
}

// Rule 23: holds
TEST_P(OuterHeaderKinds, Row23CopiesOrSetsDscp) {
  for (const uint8_t dscp : std::initializer_list<uint8_t>{0, 1, 32, 63}) {
    SaConfig config = config_for(GetParam());
    const auto inner_class = static_cast<uint8_t>(dscp << 2);
    EXPECT_EQ(traffic_class_of(seal(config, ipv6_packet(80, inner_class))), inner_class);
    EXPECT_EQ(traffic_class_of(seal(config, ipv4_packet(80, inner_class))), inner_class);
    config.dscp = {.copy = false, .value = dscp};
    EXPECT_EQ(traffic_class_of(seal(config, ipv4_packet(80, 0xfc))), inner_class);
  }
}

// Rule 31: holds.  Rule 31: refuses
TEST_P(OuterHeaderKinds, Row31InnerSizeMaxIsTheLargestThatFits) {
  for (const Suite& suite : kSuites) {
    const SaConfig config = config_for(GetParam(), suite.algorithm);
    Worker worker;
    const auto sa = worker.outbound(config);
    for (uint32_t mtu = 134u + suite.icv_size; mtu < 9000; mtu += mtu < 1600 ? 1 : 37) {
      const uint32_t largest = sa->inner_size_max(mtu);
      ASSERT_EQ(largest, inner_size_max(suite, config.outer, mtu));
      ASSERT_GE(largest, 40u);
      ASSERT_LE(worker.seal(*sa, ipv4_packet(largest)).packet.size(), mtu);
      ASSERT_EQ(worker.seal(*sa, ipv4_packet(largest)).packet.size(), sa->outer_size_max(mtu));
      ASSERT_GT(worker.seal(*sa, ipv4_packet(largest + 1)).packet.size(), mtu);
    }
    EXPECT_EQ(sa->inner_size_max(0), 0u);
    EXPECT_EQ(sa->inner_size_max(40), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, OuterHeaderKinds,
    testing::Values(Outer{}, Outer{.udp = true}, Outer{.v6 = true}, Outer{.v6 = true, .udp = true}),
    [](const testing::TestParamInfo<Outer>& row) {
      return std::string{row.param.v6 ? "Ipv6" : "Ipv4"} + (row.param.udp ? "Udp" : "");
    }
);

// Rule 30: holds
TEST(OuterHeader, Row30FollowsTheDfRule) {
  const auto outer_df = [](DfRule rule, const Bytes& inner) {
    SaConfig config = config_for({});
    config.df = rule;
    return (seal(config, inner)[6] & 0x40) != 0;
  };
  const Bytes with_df = ipv4_packet(80, 0, true);
  const Bytes without_df = ipv4_packet(80, 0, false);
  EXPECT_TRUE(outer_df(DfRule::kCopy, with_df));
  EXPECT_FALSE(outer_df(DfRule::kCopy, without_df));
  EXPECT_TRUE(outer_df(DfRule::kSet, with_df));
  EXPECT_TRUE(outer_df(DfRule::kSet, without_df));
  EXPECT_FALSE(outer_df(DfRule::kClear, with_df));
  EXPECT_FALSE(outer_df(DfRule::kClear, without_df));
  EXPECT_TRUE(outer_df(DfRule::kCopy, ipv6_packet(80)));
  EXPECT_FALSE(outer_df(DfRule::kClear, ipv6_packet(80)));
}

// Rule 29: holds
TEST(OuterHeader, Row29IdentificationIsZeroWithDf) {
  Worker worker;
  SaConfig config = config_for({});
  config.df = DfRule::kSet;
  const auto sa = worker.outbound(config);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(be16(worker.seal(*sa, ipv4_packet(80)).packet, 4), 0u);
}

// Rule 29: refuses
TEST(OuterHeader, Row29IdentificationsOfAllWorkersDifferWithoutDf) {
  constexpr uint16_t kWorkers = 3;
  Worker engines;
  SaConfig config = config_for({});
  config.df = DfRule::kClear;
  std::set<uint32_t> seen;
  for (uint16_t id = 0; id < kWorkers; ++id) {
    const auto out = std::make_unique<EspOut>(engines.library(), WorkerId{id}, kWorkers);
    const auto sa = engines.outbound(config);
    for (int i = 0; i < 0x10000 / 4; ++i) {
      Room room{ipv4_packet(40)};
      const EspOutResult result =
          out->prepare(*sa, {room.data(), room.size(), Room::kHeadroom, Room::kTailroom});
      ASSERT_EQ(out->run(), 0u);
      const Bytes packet(result.data, result.data + result.size);
      ASSERT_TRUE(seen.insert(be16(packet, 4)).second) << "worker " << id << " packet " << i;
      ASSERT_TRUE(ipv4_checksum_is_right(packet));
    }
  }
}

// Rule 27: refuses
TEST(OuterHeader, Row27DoesNotCopyIpv4Options) {
  Bytes inner = ipv4_packet(100);
  inner[0] = 0x4f;
  fix_ipv4_checksum(inner);
  const Bytes packet = seal(config_for({}), inner);
  EXPECT_EQ(packet[0], 0x45);
}

// Rule 47: holds
TEST(OuterHeader, Row47UdpChecksumIsZeroOverIpv4) {
  EXPECT_EQ(be16(seal(config_for({.udp = true}), ipv4_packet(80)), 26), 0u);
}

// The sum over pseudo header and datagram, its checksum included, is all ones.
// Rule 47: refuses
TEST(OuterHeader, Row47UdpChecksumIsRightOverIpv6) {
  for (uint32_t size = 40; size < 200; ++size) {
    const Bytes packet = seal(config_for({.v6 = true, .udp = true}), ipv4_packet(size));
    uint32_t sum = static_cast<uint32_t>(packet.size() - 40) + 17;
    for (std::size_t i = 8; i < packet.size(); i += 2)
      sum += i + 1 < packet.size() ? be16(packet, i) : static_cast<uint32_t>(packet[i] << 8);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    ASSERT_EQ(sum, 0xffffu) << "inner size " << size;
    ASSERT_NE(be16(packet, 46), 0u);
  }
}

TEST(OuterHeader, MovesToNewAddresses) {
  Worker worker;
  const auto sa = worker.outbound(config_for({}));
  OuterAddresses moved;
  moved.source = IpAddress::v4(0xc0000205);
  moved.destination = IpAddress::v4(0xc0000206);
  moved.source_port = 4500;
  moved.destination_port = 61000;
  const auto previous = sa->move_to(moved);
  ASSERT_TRUE(previous.ok());
  EXPECT_FALSE((*previous)->addresses().udp_encapsulated());
  const Bytes packet = worker.seal(*sa, ipv4_packet(80)).packet;
  EXPECT_EQ(IpAddress::v4_bytes(&packet[16]), moved.destination);
  EXPECT_EQ(be16(packet, 22), 61000u);
  EXPECT_TRUE(ipv4_checksum_is_right(packet));
  EXPECT_EQ(sa->sequence(), 1u);

  moved.destination_port = 0;
  EXPECT_FALSE(sa->move_to(moved).ok());
  EXPECT_EQ(sa->outer().addresses().destination_port, 61000);
}

}  // namespace
}  // namespace raven::dataplane::test
