// Known answers: draft-mcgrew-gcm-test-01, DPDK's tunnel packets, RFC 7634, RFC 3602, and own
// vectors that were checked with scapy.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/ipsec/cipher_key.h"
#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane::test {
namespace {

// `text` is the plaintext with its trailer; empty: the tunnel layer's verdict is checked only.
struct Vector {
  const char* name;
  Algorithm algorithm;
  const char* key;
  const char* salt;
  const char* integrity_key;
  uint32_t spi;
  uint64_t sequence;
  bool esn;
  const char* esp;
  const char* text;
  EspVerdict verdict;
};

#include "tests/unit/dataplane/ipsec/esp_vectors.inc"

SaConfig config_of(const Vector& vector) {
  SaConfig config = sa_config(Direction::kInbound, vector.algorithm);
  config.key = Secret{from_hex(std::string{vector.key} + vector.salt)};
  config.integrity_key = Secret{from_hex(vector.integrity_key)};
  config.spi = Spi{vector.spi};
  config.esn = vector.esn;
  config.last_sequence = vector.sequence - 1;
  return config;
}

// The cipher layer alone: nonce, associated data and text as a vector gives them.
class VectorBurst {
 public:
  VectorBurst(const Vector& vector, CipherLibrary& library, CipherBurst::Operation operation)
      : suite_{suite_of(vector.algorithm)}, burst_{library, operation} {
    const SaConfig config = config_of(vector);
    key_ = CipherKey::create(suite_, config.key, config.integrity_key, library).value_or(nullptr);
    const Bytes esp = from_hex(vector.esp);
    const Bytes salt = from_hex(vector.salt);
    CipherSlot& slot = burst_.next();
    std::copy(salt.begin(), salt.end(), slot.nonce);
    std::copy_n(esp.begin() + kEspHeaderSize, suite_.iv_size, slot.nonce + salt.size());
    std::copy_n(esp.begin(), 4, slot.aad);
    const auto high = static_cast<uint32_t>(vector.sequence >> 32);
    for (int i = 0; i < 4; ++i) slot.aad[4 + i] = static_cast<uint8_t>(high >> (24 - 8 * i));
    std::copy_n(esp.begin() + 4, 4, slot.aad + (vector.esn ? 8 : 4));
    slot.aad_size = vector.esn ? 12 : 8;
    slot.key = key_.get();
    slot.algorithm = vector.algorithm;
    slot.icv_size = suite_.icv_size;
  }

  // `esp`: from the SPI to the end of the text.
  bool run(uint8_t* esp, uint32_t text_size, uint8_t* tag) {
    CipherSlot& slot = burst_.next();
    slot.text = esp + kEspHeaderSize + suite_.iv_size;
    slot.tag = tag;
    slot.size = text_size;
    burst_.commit();
    return key_ != nullptr && burst_.run() == 0;
  }

 private:
  const Suite& suite_;
  CipherBurst burst_;
  std::unique_ptr<const CipherKey> key_;
};

class EspVectors : public testing::TestWithParam<Vector> {
 protected:
  std::size_t text_offset() const {
    return kEspHeaderSize + suite_of(GetParam().algorithm).iv_size;
  }
  std::size_t icv_size() const { return suite_of(GetParam().algorithm).icv_size; }

  Worker worker_;
};

TEST_P(EspVectors, CipherMakesTheCiphertextAndIcv) {
  const Bytes esp = from_hex(GetParam().esp);
  const Bytes text = from_hex(GetParam().text);
  Room room{esp};
  uint8_t* start = room.data() + text_offset();
  std::copy(text.begin(), text.end(), start);
  std::fill_n(start + text.size(), icv_size(), uint8_t{0});

  VectorBurst burst{GetParam(), worker_.library(), CipherBurst::Operation::kEncrypt};
  ASSERT_TRUE(burst.run(room.data(), static_cast<uint32_t>(text.size()), start + text.size()));
  EXPECT_EQ(to_hex(Bytes(room.data(), room.data() + esp.size())), GetParam().esp);
}

TEST_P(EspVectors, CipherOpensTheCiphertextAndComputesTheIcv) {
  const Bytes esp = from_hex(GetParam().esp);
  Room room{esp};
  const std::size_t text_size = esp.size() - text_offset() - icv_size();
  Bytes icv(icv_size());

  VectorBurst burst{GetParam(), worker_.library(), CipherBurst::Operation::kDecrypt};
  ASSERT_TRUE(burst.run(room.data(), static_cast<uint32_t>(text_size), icv.data()));
  const uint8_t* text = room.data() + text_offset();
  EXPECT_EQ(to_hex(Bytes(text, text + text_size)), GetParam().text);
  EXPECT_EQ(icv, Bytes(esp.end() - static_cast<std::ptrdiff_t>(icv_size()), esp.end()));
}

TEST_P(EspVectors, TunnelLayerReachesTheVerdict) {
  const Vector& vector = GetParam();
  const Bytes esp = from_hex(vector.esp);
  if (vector.verdict == EspVerdict::kSpiReserved) {
    EXPECT_EQ(read_spi(esp.data(), uint32_t{8}).verdict, vector.verdict);
    return;
  }
  const auto sa = worker_.inbound(config_of(vector));
  const Opened opened = worker_.open(*sa, esp);
  EXPECT_EQ(esp_verdict_name(opened.verdict), esp_verdict_name(vector.verdict));
  EXPECT_EQ(sa->highest_sequence(), vector.sequence) << "authentic, so the window moves";
  EXPECT_EQ(to_hex(opened.inner), std::string{vector.text}.substr(0, opened.inner.size() * 2));
}

TEST_P(EspVectors, EveryFlippedBitIsFound) {
  const Vector& vector = GetParam();
  if (vector.verdict == EspVerdict::kSpiReserved) return;  // no SA can have it
  const Bytes good = from_hex(vector.esp);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto sa = worker_.inbound(config_of(vector));
    const Opened opened = worker_.open(*sa, bad);
    ASSERT_NE(opened.verdict, EspVerdict::kOk) << "bit " << bit;
    ASSERT_NE(opened.verdict, vector.verdict) << "bit " << bit;
    ASSERT_EQ(sa->highest_sequence(), vector.sequence - 1) << "the window moved, bit " << bit;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, EspVectors, testing::ValuesIn(kVectors),
    [](const testing::TestParamInfo<Vector>& row) { return std::string{row.param.name}; }
);

TEST(EspVectorsTunnel, M4WithSpi0IsReserved) {
  const Bytes esp = from_hex("000000000000000100000000000000004688daf2");
  EXPECT_EQ(
      read_spi(esp.data(), static_cast<uint32_t>(esp.size())).verdict, EspVerdict::kSpiReserved
  );
}

constexpr char kRavenKey[] =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0a0b0c0d";
constexpr char kRavenInner[] =
    "4500002c123400003f11509a0af401050af402070fa00fa100180000726176656e2d6573702d6b61742d3031";

SaConfig raven_outbound() {
  SaConfig config = sa_config(Direction::kOutbound);
  config.key = Secret{from_hex(kRavenKey)};
  config.df = DfRule::kSet;
  return config;
}

TEST(EspVectorsTunnel, K1WholePacket) {
  Worker worker;
  const auto sa = worker.outbound(raven_outbound());
  EXPECT_EQ(
      to_hex(worker.seal(*sa, from_hex(kRavenInner)).packet),
      "450000640000400040324e31c0000201c633640200001001000000010000000000000001"
      "6002ede245089620e5fbf24680b856ee88744a1aec29c1ba5693416cd6a2123148debb4a9c073a581a6a0b045"
      "49a823d76d1691793b02dfaf9c443155fb5a7f7"
  );
}

TEST(EspVectorsTunnel, K2WholePacketWithEsn) {
  Worker worker;
  SaConfig config = raven_outbound();
  config.esn = true;
  config.last_sequence = 0x100000000;
  const auto sa = worker.outbound(config);
  EXPECT_EQ(
      to_hex(worker.seal(*sa, from_hex(kRavenInner)).packet),
      "450000640000400040324e31c0000201c6336402"
      "00001001000000010000000100000001bd62ca935acd944a196284aa734db6c6b8ffd1cc74ddd5e5b7907a34"
      "6d6b543fc1065cd8cf1d63e4141abaf3a46263479db858e29094c50d69fcb63ab52a7d0a"
  );
}

TEST(EspVectorsTunnel, K3WholePacketInUdp) {
  Worker worker;
  SaConfig config = raven_outbound();
  config.outer.source_port = config.outer.destination_port = 4500;
  const auto sa = worker.outbound(config);
  EXPECT_EQ(
      to_hex(worker.seal(*sa, from_hex(kRavenInner)).packet),
      "4500006c0000400040114e4ac0000201c63364021194119400580000"
      "00001001000000010000000000000001"
      "6002ede245089620e5fbf24680b856ee88744a1aec29c1ba5693416cd6a2123148debb4a9c073a581a6a0b045"
      "49a823d76d1691793b02dfaf9c443155fb5a7f7"
  );
}

TEST(EspVectorsTunnel, K5CutsTfcPadding) {
  Worker worker;
  SaConfig config = raven_outbound();
  config.direction = Direction::kInbound;
  const auto sa = worker.inbound(config);
  const Opened opened = worker.open(
      *sa, from_hex("0000100100000003000000000000000"
                    "3a0e7b2e4a1acf5d96867fac027ddf6af9b18b78309c0fa03ca36560bd55c4f10643befe3d3"
                    "23c883c9b8327f7b6dfbc11eda20016f9ac9b37f3353889d6da2bf1918f11e399f811f")
  );
  EXPECT_EQ(opened.verdict, EspVerdict::kOk);
  EXPECT_EQ(to_hex(opened.inner), kRavenInner);
}

// RFC 3602 section 4 case 1 goes below ESP: one block of AES-CBC.
TEST(EspVectorsCipher, Rfc3602Case1) {
  Worker worker;
  const Secret key{from_hex("06a9214036b8a15b512e03d534120006")};
  const Secret integrity_key{std::size_t{32}};
  const Bytes iv = from_hex("3dafba429d9eb430b422da802c9fac41");
  const auto expanded = CipherKey::create(
      suite_of(Algorithm::kAes128CbcSha256), key, integrity_key, worker.library()
  );
  ASSERT_TRUE(expanded.ok());
  const std::string_view text = "Single block msg";
  Bytes bytes(24 + text.size());
  std::copy(text.begin(), text.end(), bytes.begin() + 24);
  Room room{bytes};

  CipherBurst burst{worker.library(), CipherBurst::Operation::kEncrypt};
  CipherSlot& slot = burst.next();
  std::copy(iv.begin(), iv.end(), slot.nonce);
  slot.aad_size = 8;
  slot.text = room.data() + 24;
  slot.tag = slot.text + 16;
  slot.key = expanded->get();
  slot.size = 16;
  slot.algorithm = Algorithm::kAes128CbcSha256;
  slot.icv_size = suite_of(slot.algorithm).icv_size;
  burst.commit();
  ASSERT_EQ(burst.run(), 0u);
  EXPECT_EQ(to_hex(Bytes(slot.text, slot.text + 16)), "e353779c1079aeb82708942dbe77181a");
}

}  // namespace
}  // namespace raven::dataplane::test
