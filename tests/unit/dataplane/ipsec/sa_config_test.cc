// The suite table and the validation of SA descriptions.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/sa_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/dpapi/sa_socket.h"
#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane::test {
namespace {

using testing::HasSubstr;

std::string reason(const SaConfig& config) {
  const Status status = validate(config);
  return status.ok() ? "" : status.error().message;
}

TEST(Suite, IsFoundByNameAndByIkeNumbers) {
  for (const Suite& suite : kSuites) {
    EXPECT_EQ(find_suite(suite.name), &suite);
    EXPECT_EQ(find_suite(suite.ike_encryption, suite.ike_integrity, suite.keying_size()), &suite);
    EXPECT_EQ(&suite_of(suite.algorithm), &suite);
  }
}

// Rule 42: refuses
TEST(Suite, Row42UnknownAlgorithmsAreRefused) {
  EXPECT_EQ(find_suite("des-cbc"), nullptr);
  EXPECT_EQ(find_suite(RAVEN_SA_ENCR_AES_GCM_16, RAVEN_SA_AUTH_NONE, 24), nullptr) << "no salt";
  EXPECT_EQ(find_suite(RAVEN_SA_ENCR_AES_CBC, RAVEN_SA_AUTH_HMAC_SHA2_256_128, 24), nullptr)
      << "AES-192 with CBC";
  EXPECT_EQ(find_suite(RAVEN_SA_ENCR_AES_CBC, RAVEN_SA_AUTH_NONE, 16), nullptr) << "no integrity";
  EXPECT_EQ(find_suite(uint16_t{11}, uint16_t{2}, 0), nullptr) << "null encryption";
}

// Rule 41: holds
TEST(Suite, Row41ChaChaTakesTheSaltBehindTheKey) {
  EXPECT_EQ(suite_of(Algorithm::kChacha20Poly1305).keying_size(), 36u);
}

TEST(SaConfig, AcceptsEverySuiteInBothDirections) {
  for (const Suite& suite : kSuites)
    for (const Direction direction : {Direction::kInbound, Direction::kOutbound})
      EXPECT_EQ(reason(sa_config(direction, suite.algorithm)), "");
}

// Rule 2: refuses
TEST(SaConfig, Row02RefusesReservedSpis) {
  SaConfig config = sa_config(Direction::kInbound);
  for (const uint32_t spi : {0u, 1u, 255u}) {
    config.spi = Spi{spi};
    EXPECT_THAT(reason(config), HasSubstr("reserved"));
  }
  config.spi = Spi{256};
  EXPECT_EQ(reason(config), "");
}

TEST(SaConfig, RefusesWrongKeySizes) {
  SaConfig config = sa_config(Direction::kInbound);
  config.key = Secret{std::size_t{32}};
  EXPECT_THAT(reason(config), HasSubstr("key: 32 bytes, aes-256-gcm needs 36"));
  config = sa_config(Direction::kInbound);
  config.integrity_key = Secret{std::size_t{32}};
  EXPECT_THAT(reason(config), HasSubstr("integrity key"));
  config = sa_config(Direction::kInbound, Algorithm::kAes128CbcSha256);
  config.integrity_key = Secret{};
  EXPECT_THAT(reason(config), HasSubstr("integrity key: 0 bytes"));
}

// Rule 8: refuses
TEST(SaConfig, Row08RefusesWindowsOutOfRange) {
  SaConfig config = sa_config(Direction::kInbound);
  for (const uint32_t window : {0u, 32u, 63u, 32769u}) {
    config.replay_window = window;
    EXPECT_THAT(reason(config), HasSubstr("replay window"));
  }
  config.direction = Direction::kOutbound;
  EXPECT_EQ(reason(config), "") << "outbound has no window";
}

TEST(SaConfig, RefusesAddressesThatCannotBe) {
  SaConfig config = sa_config(Direction::kOutbound);
  config.outer.destination = IpAddress::parse("fd00::1").value_or({});
  EXPECT_THAT(reason(config), HasSubstr("different families"));
  config.outer.destination = IpAddress{};
  EXPECT_THAT(reason(config), HasSubstr("0.0.0.0 is not of one host"));
  config.outer.destination = IpAddress::v4(0xe0000001);
  EXPECT_THAT(reason(config), HasSubstr("224.0.0.1 is not of one host"));
  config = sa_config(Direction::kOutbound);
  config.outer.source_port = 4500;
  EXPECT_THAT(reason(config), HasSubstr("UDP ports"));
}

TEST(SaConfig, RefusesLifetimesThatNeverRekey) {
  SaConfig config = sa_config(Direction::kOutbound);
  config.lifetime_soft.packets = 11;
  config.lifetime_hard.packets = 10;
  EXPECT_THAT(reason(config), HasSubstr("soft 11 is after hard 10"));
}

// Rule 23: refuses
TEST(SaConfig, RefusesOtherFieldsOutOfRange) {
  SaConfig config = sa_config(Direction::kOutbound);
  config.tunnel_id = TunnelId{1u << 24};
  EXPECT_THAT(reason(config), HasSubstr("tunnel id"));
  config = sa_config(Direction::kOutbound);
  config.dscp.value = 64;
  EXPECT_THAT(reason(config), HasSubstr("DSCP"));
  config = sa_config(Direction::kOutbound);
  config.last_sequence = uint64_t{1} << 32;
  EXPECT_THAT(reason(config), HasSubstr("ESN is off"));
}

TEST(SaConfig, MessagesNameTheSaButNotItsKey) {
  SaConfig config = sa_config(Direction::kOutbound);
  config.tunnel_id = TunnelId{0};
  EXPECT_THAT(reason(config), HasSubstr("out SPI 0x00001001 192.0.2.1 -> 198.51.100.2: tunnel id"));
}

}  // namespace
}  // namespace raven::dataplane::test
