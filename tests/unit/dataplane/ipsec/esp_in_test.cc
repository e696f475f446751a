// Inbound: everything that a packet from outside may try.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/esp_in.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane::test {
namespace {

class EspInSuites : public testing::TestWithParam<Algorithm> {
 protected:
  EspInSuites() : config_{sa_config(Direction::kInbound, GetParam())} {}

  Bytes sealed(uint64_t sequence, const Bytes& text) {
    const Bytes iv(suite_of(GetParam()).iv_size, static_cast<uint8_t>(sequence * 37));
    return reference_seal(reference_sa(config_), sequence, iv, text);
  }
  Bytes packet(uint64_t sequence) {
    return sealed(sequence, with_trailer(ipv4_packet(64), 4, suite_of(GetParam()).block_size));
  }
  std::string_view open(InboundSa& sa, const Bytes& esp) {
    return esp_verdict_name(worker_.open(sa, esp).verdict);
  }

  Worker worker_;
  SaConfig config_;
};

std::vector<Algorithm> all_algorithms() {
  std::vector<Algorithm> all;
  for (const Suite& suite : kSuites) all.push_back(suite.algorithm);
  return all;
}

INSTANTIATE_TEST_SUITE_P(
    Suites, EspInSuites, testing::ValuesIn(all_algorithms()),
    [](const testing::TestParamInfo<Algorithm>& row) {
      std::string name;
      for (const char c : suite_of(row.param).name)
        if (c != '-') name += c;
      return name;
    }
);

// Rule 44: holds
TEST_P(EspInSuites, OpensWhatTheReferenceSealed) {
  const auto sa = worker_.inbound(config_);
  const Opened opened = worker_.open(*sa, packet(1));
  EXPECT_EQ(opened.verdict, EspVerdict::kOk);
  EXPECT_EQ(opened.inner, ipv4_packet(64));
  EXPECT_EQ(sa->lifetime().packets(), 1u);
  EXPECT_EQ(sa->errors(), 0u);
}

// Rule 4: refuses
TEST_P(EspInSuites, Row04SequenceZeroIsOld) {
  const auto sa = worker_.inbound(config_);
  EXPECT_EQ(open(*sa, packet(0)), "replay_old");
}

// Rule 8: refuses
TEST_P(EspInSuites, Row08RefusesReplays) {
  const auto sa = worker_.inbound(config_);
  EXPECT_EQ(open(*sa, packet(1000)), "ok");
  EXPECT_EQ(open(*sa, packet(1000)), "replay_dup");
  EXPECT_EQ(open(*sa, packet(1000 - 63)), "ok");
  EXPECT_EQ(open(*sa, packet(1000 - 64)), "replay_old");
  EXPECT_EQ(sa->errors(), 2u);
}

// Rule 8: refuses
TEST_P(EspInSuites, Row08FindsADuplicateInsideOneBurst) {
  const auto sa = worker_.inbound(config_);
  const Bytes esp = packet(5);
  Room first{esp}, second{esp};
  ASSERT_EQ(worker_.in().prepare(*sa, {first.data(), first.size(), 0}), EspVerdict::kOk);
  ASSERT_EQ(worker_.in().prepare(*sa, {second.data(), second.size(), 0}), EspVerdict::kOk);
  worker_.in().run();
  EXPECT_EQ(worker_.in().finish(0).verdict, EspVerdict::kOk);
  EXPECT_EQ(worker_.in().finish(1).verdict, EspVerdict::kReplayDup);
  worker_.in().clear();
  EXPECT_EQ(worker_.in().size(), 0u);
}

// Rule 9: refuses
TEST_P(EspInSuites, Row09ForgedPacketsDoNotMoveTheWindow) {
  const auto sa = worker_.inbound(config_);
  ASSERT_EQ(open(*sa, packet(10)), "ok");
  Bytes forged = packet(1010);
  forged.back() ^= 1;
  EXPECT_EQ(open(*sa, forged), "icv");
  EXPECT_EQ(sa->highest_sequence(), 10u);
  EXPECT_EQ(open(*sa, packet(11)), "ok");
  EXPECT_EQ(open(*sa, packet(1)), "ok") << "still inside";
}

// Rule 12: refuses
TEST_P(EspInSuites, Row12RefusesEveryLengthThatCannotBe) {
  const Suite& suite = suite_of(GetParam());
  const uint32_t around = kEspHeaderSize + suite.iv_size + suite.icv_size;
  Bytes esp = packet(1);
  esp.resize(200);
  for (uint32_t size = 0; size <= 200; ++size) {
    const auto sa = worker_.inbound(config_);
    const auto verdict = open(*sa, Bytes(esp.begin(), esp.begin() + size));
    if (size < around + 2)
      EXPECT_EQ(verdict, "esp_short") << size;
    else if ((size - around) % suite.block_size != 0)
      EXPECT_EQ(verdict, "esp_align") << size;
    else
      EXPECT_EQ(verdict, size == packet(1).size() ? "ok" : "icv") << size;
  }
}

// Rule 43: refuses.  Rule 44: refuses
TEST_P(EspInSuites, Row44WipesThePlaintextOfAForgedPacket) {
  const Suite& suite = suite_of(GetParam());
  const auto sa = worker_.inbound(config_);
  Bytes forged = packet(1);
  forged.back() ^= 0x80;
  Room room{forged};
  ASSERT_EQ(worker_.in().prepare(*sa, {room.data(), room.size(), 0}), EspVerdict::kOk);
  worker_.in().run();
  const EspInResult result = worker_.in().finish(0);
  worker_.in().clear();
  EXPECT_EQ(result.verdict, EspVerdict::kIcv);
  EXPECT_EQ(result.data, nullptr);
  const uint8_t* text = room.data() + kEspHeaderSize + suite.iv_size;
  const uint8_t* end = room.data() + room.size() - suite.icv_size;
  EXPECT_TRUE(std::all_of(text, end, [](uint8_t byte) { return byte == 0; }));
}

// Rule 15: holds
TEST_P(EspInSuites, Row15DummyMovesTheWindowAndIsNoError) {
  const auto sa = worker_.inbound(config_);
  const std::size_t block = suite_of(GetParam()).block_size;
  EXPECT_EQ(open(*sa, sealed(3, with_trailer({}, 59, block))), "dummy");
  EXPECT_EQ(sa->highest_sequence(), 3u);
  EXPECT_EQ(sa->errors(), 0u);
}

// Rule 13: refuses
TEST_P(EspInSuites, Row13AuthenticPacketWithBadPaddingCountsOnce) {
  const auto sa = worker_.inbound(config_);
  Bytes text = ipv4_packet(suite_of(GetParam()).block_size * 4 - 4);
  text.insert(text.end(), {0, 0, 2, 4});
  EXPECT_EQ(open(*sa, sealed(1, text)), "pad");
  EXPECT_EQ(sa->errors(), 1u);
  EXPECT_EQ(open(*sa, sealed(1, text)), "replay_dup");
}

// Rule 6: holds.  Rule 6: refuses
TEST_P(EspInSuites, Row06EsnHighBitsAreAuthenticated) {
  config_.esn = true;
  config_.last_sequence = 0xffff'fffe;
  const auto sa = worker_.inbound(config_);
  EXPECT_EQ(open(*sa, packet(0xffff'ffff)), "ok");
  EXPECT_EQ(open(*sa, packet(0x1'0000'0000)), "ok");
  EXPECT_EQ(sa->highest_sequence(), 0x1'0000'0000u);
  EXPECT_EQ(open(*sa, packet(0x3'0000'0001)), "icv") << "right low bits, other high bits";
  EXPECT_EQ(open(*sa, packet(0x1'0000'0001)), "ok");
}

// RFC 4303 table of the checklist, W = 1024: an authentic packet is taken for what it is, a packet
// with other high bits fails its ICV.
// Rule 7: holds.  Rule 7: refuses
TEST_P(EspInSuites, Row07InfersTheHighBits) {
  constexpr struct {
    uint64_t highest, sent;
    const char* verdict;
  } kRows[] = {
      {0x0'00000400, 0x0'00000401, "ok"},  {0x0'ffffffff, 0x1'00000000, "ok"},
      {0x1'fffffc00, 0x2'00000010, "ok"},  {0x1'00000005, 0x0'fffffc05, "icv"},
      {0x0'80000000, 0x0'7ffffc00, "icv"}, {0x0'000003ff, 0x0'00000000, "replay_old"},
      {0x1'00000005, 0x2'00000006, "icv"},
  };
  for (const auto& row : kRows) {
    config_.esn = true;
    config_.replay_window = 1024;
    config_.last_sequence = row.highest;
    const auto sa = worker_.inbound(config_);
    EXPECT_EQ(open(*sa, packet(row.sent)), row.verdict)
        << std::hex << row.highest << " " << row.sent;
  }
}

// Rule 7: holds
TEST_P(EspInSuites, Row07LatePacketFromBeforeTheWrapIsTaken) {
  config_.esn = true;
  config_.replay_window = 1024;
  config_.last_sequence = 0xffff'f000;
  const auto sa = worker_.inbound(config_);
  EXPECT_EQ(open(*sa, packet(0x1'00000005)), "ok");
  EXPECT_EQ(open(*sa, packet(0x0'fffffffd)), "ok");
  EXPECT_EQ(open(*sa, packet(0x0'fffffc06)), "ok");
  EXPECT_EQ(open(*sa, packet(0x0'fffffc06)), "replay_dup");
  EXPECT_EQ(open(*sa, packet(0x0'fffffc05)), "icv");
}

// Rule 57: refuses
TEST_P(EspInSuites, Row57DropsAfterTheHardLifetime) {
  config_.lifetime_hard.packets = 2;
  const auto sa = worker_.inbound(config_);
  EXPECT_EQ(open(*sa, packet(1)), "ok");
  EXPECT_EQ(open(*sa, packet(2)), "ok");
  EXPECT_EQ(open(*sa, packet(3)), "sa_expired");
  EXPECT_TRUE(sa->lifetime().take_events().hard);
}

// Rule 25: holds.  Rule 25: refuses
TEST_P(EspInSuites, Row25MarksAreCarriedInAndSometimesDropped) {
  const auto sa = worker_.inbound(config_);
  const std::size_t block = suite_of(GetParam()).block_size;
  Opened opened = worker_.open(*sa, sealed(1, with_trailer(ipv4_packet(60, 2), 4, block)), 3);
  EXPECT_EQ(opened.verdict, EspVerdict::kOk);
  EXPECT_EQ(opened.inner, ipv4_packet(60, 3));
  opened = worker_.open(*sa, sealed(2, with_trailer(ipv4_packet(60, 0), 4, block)), 3);
  EXPECT_EQ(opened.verdict, EspVerdict::kEcn);
}

// Rule 49: holds.  Rule 49: refuses
TEST_P(EspInSuites, Row49OnlyTheNewestPacketMayTellThatThePeerMoved) {
  const auto sa = worker_.inbound(config_);
  EXPECT_TRUE(worker_.open(*sa, packet(10)).newest);
  EXPECT_FALSE(worker_.open(*sa, packet(9)).newest);
  EXPECT_TRUE(worker_.open(*sa, packet(11)).newest);
}

// RFC 4303 appendix A3.
// Rule 11: holds
TEST_P(EspInSuites, Row11FindsAPeerThatIsATurnOrTwoAheadAgain) {
  for (const uint64_t turns : {1, 2, 4}) {
    config_.esn = true;
    config_.last_sequence = 5;
    const auto sa = worker_.inbound(config_);
    uint64_t sequence = (turns << 32) + 10;
    unsigned lost = 0;
    while (open(*sa, packet(sequence++)) == "icv") ASSERT_LT(++lost, 1000u);
    EXPECT_GE(lost, EsnResync::kEvery);
    EXPECT_LE(lost, EsnResync::kEvery * (turns + 1) + 1);
    EXPECT_EQ(sa->highest_sequence(), sequence - 1);
    EXPECT_EQ(open(*sa, packet(sequence)), "ok");
    EXPECT_EQ(open(*sa, packet(sequence)), "replay_dup");
  }
}

// Rule 11: refuses
TEST_P(EspInSuites, Row11ForgedPacketsCostFewTriesAndMoveNothing) {
  config_.esn = true;
  config_.last_sequence = 5;
  const auto sa = worker_.inbound(config_);
  Bytes forged = packet(77);
  forged.back() ^= 1;
  for (unsigned i = 0; i < 6400; ++i) ASSERT_EQ(open(*sa, forged), "icv");
  EXPECT_EQ(sa->highest_sequence(), 5u);
  EXPECT_LE(sa->resync().tries(), 6400u / EsnResync::kEvery);
  EXPECT_EQ(open(*sa, packet(6)), "ok");
  EXPECT_FALSE(sa->resync().due()) << "one success, and nothing is suspected any more";
}

// Rule 11: refuses
TEST_P(EspInSuites, Row11IsNotDoneWithoutExtendedNumbers) {
  config_.esn = false;
  const auto sa = worker_.inbound(config_);
  Bytes forged = packet(77);
  forged.back() ^= 1;
  for (unsigned i = 0; i < 640; ++i) ASSERT_EQ(open(*sa, forged), "icv");
  EXPECT_EQ(sa->resync().tries(), 0u);
}

// Rule 39: refuses.  Rule 41: refuses
TEST_P(EspInSuites, KeysOfAnotherSaFail) {
  const auto sa = worker_.inbound(config_);
  SaConfig other = sa_config(Direction::kInbound, GetParam());
  other.key.expose_writable()[0] ^= 1;
  if (!other.integrity_key.empty()) other.integrity_key.expose_writable()[0] ^= 1;
  const Bytes iv(suite_of(GetParam()).iv_size);
  const Bytes text = with_trailer(ipv4_packet(64), 4, suite_of(GetParam()).block_size);
  EXPECT_EQ(open(*sa, reference_seal(reference_sa(other), 1, iv, text)), "icv");
}

// The seam for fuzzing: whatever the bytes are, they end in a verdict.
TEST_P(EspInSuites, ArbitraryBytesNeverPass) {
  std::mt19937_64 random{7};
  const auto sa = worker_.inbound(config_);
  for (int i = 0; i < 20'000; ++i) {
    Bytes bytes(random() % 300);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    if (bytes.size() >= 4 && random() % 8 != 0) std::copy_n(packet(1).begin(), 4, bytes.begin());
    ASSERT_NE(open(*sa, bytes), "ok");
  }
  EXPECT_EQ(sa->highest_sequence(), 0u);
}

// Authentic, so that everything behind the ICV check sees arbitrary bytes.
TEST_P(EspInSuites, ArbitraryPlaintextEndsInAVerdict) {
  std::mt19937_64 random{8};
  const std::size_t block = suite_of(GetParam()).block_size;
  for (uint64_t i = 1; i <= 5'000; ++i) {
    const auto sa = worker_.inbound(config_);
    Bytes text(block * (1 + random() % 12));
    for (uint8_t& byte : text) byte = static_cast<uint8_t>(random());
    if (random() % 2 == 0) text.back() = random() % 2 == 0 ? 4 : 41;
    if (random() % 2 == 0) text[text.size() - 2] = 0;
    if (random() % 2 == 0) text[0] = text.back() == 4 ? 0x45 : 0x60;
    const Opened opened = worker_.open(*sa, sealed(i, text));
    ASSERT_NE(opened.verdict, EspVerdict::kIcv);
    ASSERT_LE(opened.inner.size(), text.size() - 2);
  }
}

// Rule 2: holds.  Rule 2: refuses
TEST(EspIn, Row02ReservedSpisAreRefused) {
  for (const uint32_t spi : {0u, 1u, 255u}) {
    const Bytes esp{0, 0, 0, static_cast<uint8_t>(spi), 0, 0, 0, 1};
    EXPECT_EQ(read_spi(esp.data(), uint32_t{8}).verdict, EspVerdict::kSpiReserved);
  }
  const Bytes esp = from_hex("0000010000000001");
  EXPECT_EQ(read_spi(esp.data(), uint32_t{8}).verdict, EspVerdict::kOk);
  EXPECT_EQ(read_spi(esp.data(), uint32_t{8}).spi, Spi{256});
  for (uint32_t size = 0; size < 8; ++size)
    EXPECT_EQ(read_spi(esp.data(), size).verdict, EspVerdict::kEspShort);
}

// Rule 3: refuses
TEST(EspIn, Row03APacketForAnotherSpiIsNotThisSas) {
  Worker worker;
  SaConfig config = sa_config(Direction::kInbound);
  const auto sa = worker.inbound(config);
  config.spi = Spi{0x1002};
  const Bytes esp =
      reference_seal(reference_sa(config), 1, Bytes(8), with_trailer(ipv4_packet(60), 4, 4));
  EXPECT_EQ(worker.open(*sa, esp).verdict, EspVerdict::kSpiUnknown);
}

TEST(EspIn, FullBurstOfMixedSasKeepsItsOrder) {
  Worker worker;
  std::vector<SaConfig> configs;
  std::vector<std::unique_ptr<InboundSa>> sas;
  for (const Suite& suite : kSuites) {
    configs.push_back(sa_config(Direction::kInbound, suite.algorithm));
    sas.push_back(worker.inbound(configs.back()));
  }
  std::vector<Room> rooms;
  rooms.reserve(kBurstMax);
  for (uint32_t i = 0; i < kBurstMax; ++i) {
    const Suite& suite = kSuites[i % configs.size()];
    const Bytes text = with_trailer(ipv4_packet(40 + i * 13), 4, suite.block_size);
    Bytes esp = reference_seal(
        reference_sa(configs[i % configs.size()]), 1 + i, Bytes(suite.iv_size), text
    );
    if (i % 7 == 3) esp.back() ^= 1;
    rooms.emplace_back(esp, i);
    ASSERT_EQ(
        worker.in().prepare(*sas[i % sas.size()], {rooms[i].data(), rooms[i].size(), 0}),
        EspVerdict::kOk
    );
  }
  worker.in().run();
  for (uint32_t i = 0; i < kBurstMax; ++i) {
    const EspInResult result = worker.in().finish(i);
    ASSERT_EQ(result.verdict, i % 7 == 3 ? EspVerdict::kIcv : EspVerdict::kOk) << i;
    const Bytes inner(result.data, result.data + result.size);
    ASSERT_EQ(inner, i % 7 == 3 ? Bytes{} : ipv4_packet(40 + i * 13)) << i;
  }
  worker.in().clear();
}

TEST(EspIn, NotesThatThePeerMoved) {
  Worker worker;
  const auto sa = worker.inbound(sa_config(Direction::kInbound));
  OuterAddresses moved = sa->outer();
  moved.source = IpAddress::v4(0xcb007109);
  const auto previous = sa->move_to(moved);
  EXPECT_EQ(previous->source, IpAddress::v4(0xc0000201));
  EXPECT_EQ(sa->outer().source, moved.source);
}

}  // namespace
}  // namespace raven::dataplane::test
