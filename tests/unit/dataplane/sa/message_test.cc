// Decoding of SA socket messages: good ones exactly, hostile ones with a reason.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dataplane/sa/sa_messages.h"

namespace raven::dataplane {
namespace {

using testing::HasSubstr;

template <class Message>
std::span<const uint8_t> bytes(const Message& message) {
  return {reinterpret_cast<const uint8_t*>(&message), sizeof(message)};
}

template <class Message>
Result<SaRequest> decode_message(const Message& message) {
  RAVEN_ASSIGN(const raven_sa_header header, read_header(bytes(message)));
  return decode(header, bytes(message), 4096);
}

TEST(SaMessage, DecodesAnAddWithAllItsFields) {
  raven_sa_add add = good_add(RAVEN_SA_OUT, 0x1001);
  add.rekey_after_seconds = 10;
  add.expire_after_bytes = 1 << 20;
  add.copy_df = 1;
  Result<SaRequest> request = decode_message(add);
  ASSERT_TRUE(request.ok()) << request.error().message;
  const SaConfig& config = std::get<SaConfig>(*request);
  EXPECT_EQ(config.spi, Spi{0x1001});
  EXPECT_EQ(config.direction, Direction::kOutbound);
  EXPECT_EQ(config.tunnel_id, TunnelId{7});
  EXPECT_EQ(config.outer.source.text(), "192.0.2.1");
  EXPECT_EQ(config.outer.destination_port, 4500);
  EXPECT_EQ(config.algorithm, Algorithm::kAes128Gcm);
  EXPECT_EQ(config.key.size(), 20u);
  EXPECT_EQ(config.lifetime_soft.seconds, 10u);
  EXPECT_EQ(config.lifetime_hard.bytes, 1u << 20);
  EXPECT_EQ(config.df, DfRule::kCopy);
}

// What charon calls copy_df = no and copy_dscp = no.  Rule 30: holds.  Rule 23: holds
TEST(SaMessage, Row30LeavesClearInTheOuterHeaderWhatIsNotCopied) {
  raven_sa_add add = good_add(RAVEN_SA_OUT, 0x1001);
  for (const uint8_t copies : {uint8_t{0}, uint8_t{1}}) {
    add.copy_df = add.copy_dscp = copies;
    const auto request = decode_message(add);
    const SaConfig& config = std::get<SaConfig>(*request);
    EXPECT_EQ(config.df, copies == 1 ? DfRule::kCopy : DfRule::kClear);
    EXPECT_EQ(config.dscp.copy, copies == 1);
    EXPECT_EQ(config.dscp.value, 0);
  }
}

// Rule 8: holds
TEST(SaMessage, TakesTheDefaultWindowForZeroAndWidensCharonsOwn) {
  raven_sa_add add = good_add(RAVEN_SA_IN, 0x1001);
  EXPECT_EQ(std::get<SaConfig>(*decode_message(add)).replay_window, 4096u);
  add.replay_window = 32;
  EXPECT_EQ(std::get<SaConfig>(*decode_message(add)).replay_window, 64u);
}

TEST(SaMessage, IgnoresPortsWithoutUdpEncapsulation) {
  raven_sa_add add = good_add(RAVEN_SA_IN, 0x1001);
  add.udp_encap = 0;
  EXPECT_FALSE(std::get<SaConfig>(*decode_message(add)).outer.udp_encapsulated());
}

// Rule 42: holds
TEST(SaMessage, TakesAesGcm256AndChacha20AndCbcByTheirIkeNumbers) {
  raven_sa_add add = good_add(RAVEN_SA_IN, 0x1001);
  add.encryption_key_size = 28;
  EXPECT_EQ(std::get<SaConfig>(*decode_message(add)).algorithm, Algorithm::kAes192Gcm);
  add.encryption_key_size = 36;
  EXPECT_EQ(std::get<SaConfig>(*decode_message(add)).algorithm, Algorithm::kAes256Gcm);
  add.encryption = RAVEN_SA_ENCR_CHACHA20_POLY1305;
  EXPECT_EQ(std::get<SaConfig>(*decode_message(add)).algorithm, Algorithm::kChacha20Poly1305);
  add.encryption = RAVEN_SA_ENCR_AES_CBC;
  add.integrity = RAVEN_SA_AUTH_HMAC_SHA2_256_128;
  add.encryption_key_size = 16;
  add.integrity_key_size = 32;
  EXPECT_EQ(std::get<SaConfig>(*decode_message(add)).algorithm, Algorithm::kAes128CbcSha256);
  add.integrity = RAVEN_SA_AUTH_HMAC_SHA2_512_256;
  add.encryption_key_size = 32;
  add.integrity_key_size = 64;
  EXPECT_EQ(std::get<SaConfig>(*decode_message(add)).algorithm, Algorithm::kAes256CbcSha512);
}

struct BadAdd {
  const char* name;
  void (*spoil)(raven_sa_add&);
  const char* reason;
};

class SaMessageRefuses : public testing::TestWithParam<BadAdd> {};

TEST_P(SaMessageRefuses, AnAddWithABadField) {
  raven_sa_add add = good_add(RAVEN_SA_IN, 0x1001);
  GetParam().spoil(add);
  const Result<SaRequest> request = decode_message(add);
  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(request.error().message, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    All, SaMessageRefuses,
    testing::Values(
        BadAdd{"SpiZero", [](raven_sa_add& a) { a.id.spi = 0; }, "SPI"},
        BadAdd{"Spi255", [](raven_sa_add& a) { a.id.spi = 255; }, "SPI"},
        BadAdd{"Direction", [](raven_sa_add& a) { a.id.direction = 3; }, "direction"},
        BadAdd{"Family", [](raven_sa_add& a) { a.id.src.family = 5; }, "family"},
        BadAdd{"MixedFamilies", [](raven_sa_add& a) { a.id.src.family = 6; }, "families"},
        BadAdd{"TunnelZero", [](raven_sa_add& a) { a.if_id = 0xff; }, "tunnel 0"},
        BadAdd{"PortZero", [](raven_sa_add& a) { a.id.dst.port = 0; }, "port 0"},
        BadAdd{"EsnFlag", [](raven_sa_add& a) { a.esn = 2; }, "esn"},
        BadAdd{"EncapFlag", [](raven_sa_add& a) { a.udp_encap = 255; }, "udp_encap"},
        BadAdd{"WindowHuge", [](raven_sa_add& a) { a.replay_window = 0xffffffffu; }, "window"},
        BadAdd{"KeyShort", [](raven_sa_add& a) { a.encryption_key_size = 19; }, "no algorithm"},
        BadAdd{"KeyHuge", [](raven_sa_add& a) { a.encryption_key_size = 65535; }, "no algorithm"},
        BadAdd{"IntegrityKeyHuge", [](raven_sa_add& a) { a.integrity_key_size = 69; }, "69 bytes"},
        BadAdd{
            "KeyZero",
            [](raven_sa_add& a) { std::memset(a.encryption_key, 0, sizeof(a.encryption_key)); },
            "zeros"},
        BadAdd{"Des", [](raven_sa_add& a) { a.encryption = 2; }, "RFC 8221"},
        BadAdd{"Null", [](raven_sa_add& a) { a.encryption = 11; }, "RFC 8221"},
        BadAdd{
            "AeadWithHmac", [](raven_sa_add& a) { a.integrity = RAVEN_SA_AUTH_HMAC_SHA2_256_128; },
            "RFC 8221"},
        BadAdd{
            "SoftAfterHard",
            [](raven_sa_add& a) {
              a.rekey_after_seconds = 20;
              a.expire_after_seconds = 10;
            },
            "soft"}
    ),
    [](const auto& row) { return row.param.name; }
);

TEST(SaMessage, RefusesEverySizeButTheRightOne) {
  raven_sa_add add = good_add(RAVEN_SA_IN, 0x1001);
  std::vector<uint8_t> buffer(sizeof(add) + 1);
  std::memcpy(buffer.data(), &add, sizeof(add));
  for (std::size_t size = 0; size <= buffer.size(); ++size) {
    const std::span<const uint8_t> cut{buffer.data(), size};
    EXPECT_EQ(read_header(cut).ok(), size == sizeof(add)) << size;
    raven_sa_header header = add.header;
    header.size = static_cast<uint32_t>(size);
    EXPECT_EQ(decode(header, cut, 4096).ok(), size == sizeof(add)) << size;
  }
}

TEST(SaMessage, RefusesAnotherMagicVersionAndOperation) {
  raven_sa_add add = good_add(RAVEN_SA_IN, 0x1001);
  add.header.magic ^= 1;
  EXPECT_THAT(decode_message(add).error().message, HasSubstr("magic"));
  add = good_add(RAVEN_SA_IN, 0x1001);
  add.header.version = 2;
  EXPECT_THAT(decode_message(add).error().message, HasSubstr("version 2"));
  add = good_add(RAVEN_SA_IN, 0x1001);
  add.header.op = 99;
  EXPECT_THAT(decode_message(add).error().message, HasSubstr("unknown operation 99"));
}

}  // namespace
}  // namespace raven::dataplane
