// Outbound: sequence numbers, IVs, lifetimes, room.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/esp_out.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane::test {
namespace {

uint32_t be32(const Bytes& bytes, std::size_t offset) {
  uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | bytes[offset + i];
  return value;
}

// Rule 4: holds
TEST(EspOut, Row04FirstSequenceNumberIsOne) {
  Worker worker;
  const auto sa = worker.outbound(sa_config(Direction::kOutbound));
  EXPECT_EQ(sa->sequence(), 0u);
  EXPECT_EQ(be32(worker.seal(*sa, ipv4_packet(60)).packet, 24), 1u);
  EXPECT_EQ(be32(worker.seal(*sa, ipv4_packet(60)).packet, 24), 2u);
}

// Rule 31: refuses
TEST(EspOut, Row31KnowsWhichNumbersItHasSentRecently) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  const auto fresh = worker.outbound(config);
  EXPECT_FALSE(fresh->sent_recently(0));
  EXPECT_FALSE(fresh->sent_recently(1));
  config.esn = true;
  config.last_sequence = 0x1'0000'0010;
  const auto sa = worker.outbound(config);
  EXPECT_TRUE(sa->sent_recently(0x10));
  EXPECT_TRUE(sa->sent_recently(0xffff'ffff)) << "before the wrap";
  EXPECT_FALSE(sa->sent_recently(0x11)) << "not yet";
  EXPECT_FALSE(sa->sent_recently(0xfff0'0000)) << "long ago";
}

// Rule 5: refuses.  Rule 40: refuses
TEST(EspOut, Row05StopsAtTheLast32BitNumber) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  config.last_sequence = 0xffff'fffe;
  const auto sa = worker.outbound(config);
  EXPECT_TRUE(sa->usable());
  EXPECT_EQ(be32(worker.seal(*sa, ipv4_packet(60)).packet, 24), 0xffff'ffffu);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kSeqExhausted);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kSeqExhausted);
  EXPECT_EQ(sa->sequence(), 0xffff'ffffu);
  EXPECT_FALSE(sa->usable());
}

// Rule 5: refuses
TEST(EspOut, Row05StopsAtTheLast64BitNumber) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  config.esn = true;
  config.last_sequence = UINT64_MAX - 1;
  const auto sa = worker.outbound(config);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kSeqExhausted);
}

// Rule 5: holds.  Rule 6: holds
TEST(EspOut, Row06GoesOnBeyond32BitsWithEsn) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  config.esn = true;
  config.last_sequence = 0xffff'ffff;
  const auto sa = worker.outbound(config);
  const Bytes packet = worker.seal(*sa, ipv4_packet(60)).packet;
  EXPECT_EQ(be32(packet, 24), 0u) << "low half on the wire";
  EXPECT_TRUE(reference_open(reference_sa(config), 0x1'0000'0000, without_outer(packet)).has_value()
  );
  EXPECT_FALSE(reference_open(reference_sa(config), 0, without_outer(packet)).has_value());
}

// Rule 40: holds
TEST(EspOut, Row40AsksForARekeyAtHalfOf32Bits) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  config.last_sequence = 0x7fff'fffe;
  const auto sa = worker.outbound(config);
  EXPECT_FALSE(sa->wants_new_keys());
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
  EXPECT_FALSE(sa->wants_new_keys());
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
  EXPECT_TRUE(sa->wants_new_keys());
  EXPECT_TRUE(sa->usable());
}

// Rule 40: holds
TEST(EspOut, Row40NeverAsksWithExtendedNumbers) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  config.esn = true;
  config.last_sequence = 0xffff'fff0;
  EXPECT_FALSE(worker.outbound(config)->wants_new_keys());
}

TEST(EspOut, Row40AnEarlierSoftLimitStays) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  config.lifetime_soft.packets = 1;
  const auto sa = worker.outbound(config);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
  EXPECT_TRUE(sa->lifetime().take_events().soft);
  EXPECT_TRUE(sa->wants_new_keys());
}

// Rule 39: holds.  Rule 39: refuses
TEST(EspOut, Row39IvIsTheFullSequenceNumberAndNeverRepeats) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  config.esn = true;
  config.last_sequence = 0xffff'ff00;
  const auto sa = worker.outbound(config);
  std::set<Bytes> seen;
  for (uint64_t i = 1; i <= 1000; ++i) {
    const Bytes packet = worker.seal(*sa, ipv4_packet(60)).packet;
    ASSERT_TRUE(seen.emplace(packet.begin() + 28, packet.begin() + 36).second);
    ASSERT_EQ(uint64_t{be32(packet, 28)} << 32 | be32(packet, 32), config.last_sequence + i);
  }
}

// Two SAs with the same key and the same packets: IVs differ, so nothing that an observer knows
// (key aside) predicts them; and none is a ciphertext block seen before.
// Rule 43: holds
TEST(EspOut, Row43CbcIvsAreUnpredictable) {
  Worker worker;
  const SaConfig config = sa_config(Direction::kOutbound, Algorithm::kAes128CbcSha256);
  const auto first = worker.outbound(config);
  const auto second = worker.outbound(config);
  std::set<Bytes> seen;
  for (int i = 0; i < 10'000; ++i)
    for (OutboundSa* sa : {first.get(), second.get()}) {
      const Bytes packet = worker.seal(*sa, ipv4_packet(60)).packet;
      ASSERT_TRUE(seen.emplace(packet.begin() + 28, packet.begin() + 44).second);
      ASSERT_TRUE(seen.emplace(packet.end() - 32, packet.end() - 16).second);
    }
}

// Rule 15: holds
TEST(EspOut, Row15MakesDummies) {
  Worker worker;
  const auto out = worker.outbound(sa_config(Direction::kOutbound));
  const auto in = worker.inbound(sa_config(Direction::kInbound));
  for (const std::size_t size : {1u, 40u, 1400u}) {
    const Sealed sealed = worker.seal(*out, Bytes(size, 0));
    ASSERT_EQ(sealed.verdict, EspVerdict::kOk);
    EXPECT_EQ(worker.open(*in, without_outer(sealed.packet)).verdict, EspVerdict::kDummy);
  }
  EXPECT_EQ(in->highest_sequence(), 3u);
}

// Rule 57: refuses
TEST(EspOut, Row57StopsAtTheHardLifetime) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  config.lifetime_soft.bytes = 100;
  config.lifetime_hard.bytes = 150;
  const auto sa = worker.outbound(config);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(62)).verdict, EspVerdict::kOk);
  EXPECT_FALSE(sa->lifetime().soft_reached());
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(62)).verdict, EspVerdict::kOk);
  EXPECT_TRUE(sa->lifetime().take_events().soft);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(62)).verdict, EspVerdict::kOk);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(62)).verdict, EspVerdict::kSaExpired);
  EXPECT_TRUE(sa->lifetime().take_events().hard);
  EXPECT_EQ(sa->sequence(), 3u) << "a refused packet takes no number";
}

TEST(EspOut, RefusesAPacketWithoutRoom) {
  Worker worker;
  for (const Suite& suite : kSuites) {
    const auto sa = worker.outbound(sa_config(Direction::kOutbound, suite.algorithm));
    const Bytes inner = ipv4_packet(60);
    Room room{inner};
    const uint32_t headroom = sa->header_size();
    const auto block = uint32_t{suite.block_size};
    const uint32_t tailroom = (62 + block - 1) / block * block - 60 + suite.icv_size;
    const auto verdict = [&](uint32_t head, uint32_t tail) {
      return worker.out().prepare(*sa, {room.data(), room.size(), head, tail}).verdict;
    };
    EXPECT_EQ(verdict(headroom - 1, tailroom), EspVerdict::kHeadroom);
    EXPECT_EQ(verdict(headroom, tailroom - 1), EspVerdict::kHeadroom);
    EXPECT_EQ(sa->sequence(), 0u);
    EXPECT_EQ(Bytes(room.data(), room.data() + 60), inner) << "left as it was";
    EXPECT_EQ(verdict(headroom, tailroom), EspVerdict::kOk);
    EXPECT_EQ(worker.out().run(), 0u);
  }
}

TEST(EspOut, WritesNothingOutsideOfTheRoom) {
  Worker worker;
  for (const Suite& suite : kSuites) {
    const auto sa = worker.outbound(sa_config(Direction::kOutbound, suite.algorithm));
    for (uint32_t size = 20; size < 200; ++size) {
      Room room{ipv4_packet(size)};
      const Bytes before(room.data() - Room::kHeadroom, room.data() + size + Room::kTailroom);
      const EspOutResult result =
          worker.out().prepare(*sa, {room.data(), size, Room::kHeadroom, Room::kTailroom});
      ASSERT_EQ(worker.out().run(), 0u);
      const Bytes after(room.data() - Room::kHeadroom, room.data() + size + Room::kTailroom);
      const auto start = result.data - (room.data() - Room::kHeadroom);
      const auto end = start + result.size;
      ASSERT_TRUE(std::equal(before.begin(), before.begin() + start, after.begin()));
      ASSERT_TRUE(std::equal(before.begin() + end, before.end(), after.begin() + end));
    }
  }
}

TEST(EspOut, RefusesAPacketThatDoesNotFitAnIpLength) {
  Worker worker;
  const auto sa = worker.outbound(sa_config(Direction::kOutbound));
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(65'535)).verdict, EspVerdict::kHeadroom);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(65'535 - 20 - 16 - 16 - 5)).verdict, EspVerdict::kOk);
}

TEST(EspOut, FullBurstOfMixedSasIsAllEncrypted) {
  Worker worker;
  std::vector<SaConfig> configs;
  std::vector<std::unique_ptr<OutboundSa>> sas;
  for (const Suite& suite : kSuites) {
    configs.push_back(sa_config(Direction::kOutbound, suite.algorithm));
    sas.push_back(worker.outbound(configs.back()));
  }
  std::vector<Room> rooms;
  rooms.reserve(kBurstMax);
  std::vector<EspOutResult> results;
  for (uint32_t i = 0; i < kBurstMax; ++i) {
    rooms.emplace_back(ipv4_packet(40 + i * 13), i);
    results.push_back(worker.out().prepare(
        *sas[i % sas.size()], {rooms[i].data(), rooms[i].size(), Room::kHeadroom, Room::kTailroom}
    ));
  }
  EXPECT_EQ(worker.out().size(), kBurstMax);
  ASSERT_EQ(worker.out().run(), 0u);
  EXPECT_EQ(worker.out().size(), 0u);
  for (uint32_t i = 0; i < kBurstMax; ++i) {
    const SaConfig& config = configs[i % configs.size()];
    const Bytes esp(results[i].data + 20, results[i].data + results[i].size);
    EXPECT_EQ(
        reference_open(reference_sa(config), 1 + i / configs.size(), esp),
        with_trailer(ipv4_packet(40 + i * 13), 4, suite_of(config.algorithm).block_size)
    ) << i;
  }
}

}  // namespace
}  // namespace raven::dataplane::test
