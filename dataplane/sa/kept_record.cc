// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/kept_record.h"

#include <algorithm>
#include <chrono>

namespace raven::dataplane {
namespace {

static_assert(std::max(kKeyingSizeMax, kIntegrityKeySizeMax) <= kKeptKeySize);

Error invalid(const char* what) {
  return Error{ErrorCode::kInvalid, std::string{"kept SA: "} + what};
}

void write_key(const Secret& from, uint8_t (&to)[kKeptKeySize], uint8_t& size) {
  size = static_cast<uint8_t>(from.size());
  std::ranges::copy(from.expose(), to);
}

Result<Secret> read_key(const uint8_t (&from)[kKeptKeySize], uint8_t size) {
  if (size > kKeptKeySize) return invalid("size of a key");
  return Secret{std::span{from, size}};
}

Result<OuterAddresses> read_outer(const KeptRecord& record) {
  OuterAddresses outer;
  if (record.family == static_cast<uint8_t>(IpFamily::kV4)) {
    outer.source = IpAddress::v4_bytes(record.source);
    outer.destination = IpAddress::v4_bytes(record.destination);
  } else if (record.family == static_cast<uint8_t>(IpFamily::kV6)) {
    outer.source = IpAddress::v6_bytes(record.source);
    outer.destination = IpAddress::v6_bytes(record.destination);
  } else {
    return invalid("address family");
  }
  outer.source_port = record.source_port;
  outer.destination_port = record.destination_port;
  return outer;
}

bool enums_are_valid(const KeptRecord& record) {
  return record.direction <= static_cast<uint8_t>(Direction::kOutbound) &&
         record.algorithm < std::size(kSuites) && record.esn <= 1 && record.dscp_copies <= 1 &&
         record.df <= static_cast<uint8_t>(DfRule::kClear);
}

}  // namespace

void write_outer(const OuterAddresses& outer, KeptRecord& record) {
  record.family = static_cast<uint8_t>(outer.source.family());
  record.source_port = outer.source_port;
  record.destination_port = outer.destination_port;
  std::ranges::fill(record.source, uint8_t{0});
  std::ranges::fill(record.destination, uint8_t{0});
  std::ranges::copy(outer.source.bytes(), record.source);
  std::ranges::copy(outer.destination.bytes(), record.destination);
}

void write_record(
    const SaConfig& config, WorkerId worker, uint64_t serial, Instant created, KeptRecord& record
) {
  record = {};
  record.serial = serial;
  record.instance = config.instance;
  record.created_ns = static_cast<uint64_t>(created.time_since_epoch().count());
  record.soft_packets = config.lifetime_soft.packets;
  record.soft_bytes = config.lifetime_soft.bytes;
  record.soft_seconds = config.lifetime_soft.seconds;
  record.hard_packets = config.lifetime_hard.packets;
  record.hard_bytes = config.lifetime_hard.bytes;
  record.hard_seconds = config.lifetime_hard.seconds;
  record.spi = config.spi.value();
  record.tunnel_id = config.tunnel_id.value();
  record.reqid = config.reqid;
  record.replay_window = config.replay_window;
  record.worker = worker.value();
  record.direction = static_cast<uint8_t>(config.direction);
  record.algorithm = static_cast<uint8_t>(config.algorithm);
  record.esn = config.esn ? 1 : 0;
  record.dscp_copies = config.dscp.copy ? 1 : 0;
  record.dscp_value = config.dscp.value;
  record.df = static_cast<uint8_t>(config.df);
  record.tfc_size = config.tfc_size;
  write_outer(config.outer, record);
  write_key(config.key, record.key, record.key_size);
  write_key(config.integrity_key, record.integrity_key, record.integrity_key_size);
}

Result<SaConfig> read_record(const KeptRecord& record) {
  if (!enums_are_valid(record)) return invalid("an unknown choice");
  SaConfig config;
  config.spi = Spi{record.spi};
  config.direction = static_cast<Direction>(record.direction);
  config.tunnel_id = TunnelId{record.tunnel_id};
  RAVEN_ASSIGN(config.outer, read_outer(record));
  config.algorithm = static_cast<Algorithm>(record.algorithm);
  RAVEN_ASSIGN(config.key, read_key(record.key, record.key_size));
  RAVEN_ASSIGN(config.integrity_key, read_key(record.integrity_key, record.integrity_key_size));
  config.esn = record.esn == 1;
  config.replay_window = record.replay_window;
  config.dscp = {record.dscp_copies == 1, record.dscp_value};
  config.df = static_cast<DfRule>(record.df);
  config.tfc_size = record.tfc_size;
  config.lifetime_soft = {record.soft_packets, record.soft_bytes, record.soft_seconds};
  config.lifetime_hard = {record.hard_packets, record.hard_bytes, record.hard_seconds};
  config.reqid = record.reqid;
  config.instance = record.instance;
  config.past = LifetimePast{
      .created = Instant{std::chrono::nanoseconds{static_cast<int64_t>(record.created_ns)}}};
  RAVEN_TRY(validate(config));
  return config;
}

}  // namespace raven::dataplane
