// The record of an SA: nothing that its description says is lost, and nothing wrong is believed.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/kept_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace raven::dataplane {
namespace {

constexpr Instant kCreated{std::chrono::seconds{4711}};

// All members by structured binding: a member more does not compile until it is named here, and
// fails until the record keeps it.
auto fields_of(const Secret& key) {
  return std::tuple{std::vector<uint8_t>(key.expose().begin(), key.expose().end())};
}
auto fields_of(const OuterAddresses& outer) {
  const auto& [source, destination, source_port, destination_port] = outer;
  return std::tuple{source, destination, source_port, destination_port};
}
auto fields_of(const DscpRule& rule) {
  const auto& [copy, value] = rule;
  return std::tuple{copy, value};
}
auto fields_of(const LifetimeLimits& limits) {
  const auto& [packets, bytes, seconds] = limits;
  return std::tuple{packets, bytes, seconds};
}
// Packets and bytes are words of their own in the journal, as they change all the time.
auto fields_of(const std::optional<LifetimePast>& past) {
  const auto& [packets, bytes, created] = past.value_or(LifetimePast{});
  return std::tuple{created};
}
// The last number is not the record's, it comes from mark or window.
auto fields_of(const SaConfig& config) {
  // clang-format off
  const auto& [spi, direction, tunnel_id, outer, algorithm, key, integrity_key, esn, replay_window,
               last_sequence, past, dscp, df, tfc_size, soft, hard, reqid, instance] = config;
  // clang-format on
  return std::tuple_cat(
      std::tuple{spi, direction, tunnel_id}, fields_of(outer), std::tuple{algorithm},
      fields_of(key), fields_of(integrity_key), std::tuple{esn, replay_window}, fields_of(past),
      fields_of(dscp), std::tuple{df, tfc_size}, fields_of(soft), fields_of(hard),
      std::tuple{reqid, instance}
  );
}

// Nothing in it is what SaConfig says by itself.
SaConfig unusual_sa() {
  SaConfig config;
  config.spi = Spi{0x1001};
  config.direction = Direction::kOutbound;
  config.tunnel_id = TunnelId{7};
  config.outer = {
      IpAddress::parse("2001:db8::1").value(), IpAddress::parse("2001:db8::2").value(), 4500,
      61000};
  config.algorithm = Algorithm::kAes256CbcSha256;
  config.key = Secret{32};
  std::ranges::fill(config.key.expose_writable(), uint8_t{5});
  config.integrity_key = Secret{32};
  std::ranges::fill(config.integrity_key.expose_writable(), uint8_t{6});
  config.esn = false;
  config.replay_window = 128;
  config.past = LifetimePast{.created = kCreated};
  config.dscp = {false, 46};
  config.df = DfRule::kClear;
  config.tfc_size = 1400;
  config.lifetime_soft = {1, 2, 3};
  config.lifetime_hard = {4, 5, 6};
  config.reqid = 8;
  config.instance = 9;
  return config;
}

KeptRecord record_of(const SaConfig& config) {
  KeptRecord record;
  write_record(config, WorkerId{3}, 17, kCreated, record);
  return record;
}

template <class Field>
void expect_kept(std::size_t index, const Field& given, const Field& found, const Field& usual) {
  EXPECT_TRUE(given == found) << "field " << index << " is lost";
  EXPECT_FALSE(given == usual) << "nothing is shown of field " << index;
}

TEST(KeptRecord, KeepsEveryFieldOfAnSa) {
  const SaConfig given = unusual_sa();
  const auto found = read_record(record_of(given));
  ASSERT_TRUE(found.ok()) << found.error().message;
  const auto before = fields_of(given), after = fields_of(*found), usual = fields_of(SaConfig{});
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    (expect_kept(
         kIndex, std::get<kIndex>(before), std::get<kIndex>(after), std::get<kIndex>(usual)
     ),
     ...);
  }
  (std::make_index_sequence<std::tuple_size_v<decltype(fields_of(given))>>{});
  EXPECT_EQ(record_of(given).worker, 3u);
  EXPECT_EQ(record_of(given).serial, 17u);
}

TEST(KeptRecord, HasRoomForTheKeysOfAllSuites) {
  for (const Suite& suite : kSuites) {
    EXPECT_LE(suite.keying_size(), kKeptKeySize) << suite.name;
    EXPECT_LE(suite.integrity_key_size, kKeptKeySize) << suite.name;
  }
}

TEST(KeptRecord, RefusesChoicesThatDoNotExist) {
  const KeptRecord good = record_of(unusual_sa());
  ASSERT_TRUE(read_record(good).ok());
  for (uint8_t KeptRecord::*choice :
       {&KeptRecord::direction, &KeptRecord::algorithm, &KeptRecord::esn, &KeptRecord::dscp_copies,
        &KeptRecord::dscp_value, &KeptRecord::df, &KeptRecord::family, &KeptRecord::key_size,
        &KeptRecord::integrity_key_size}) {
    KeptRecord bad = good;
    bad.*choice = 200;
    EXPECT_FALSE(read_record(bad).ok());
  }
}

}  // namespace
}  // namespace raven::dataplane
