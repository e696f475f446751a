// Validation of SA descriptions.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/sa_config.h"

#include <fmt/format.h>

namespace raven::dataplane {
namespace {

Error invalid(std::string message) {
  return Error{ErrorCode::kInvalid, std::move(message)};
}

Status validate_keys(const SaConfig& config, const Suite& suite) {
  if (config.key.size() != suite.keying_size())
    return invalid(fmt::format(
        "key: {} bytes, {} needs {} (key {} and salt {})", config.key.size(), suite.name,
        suite.keying_size(), suite.key_size, suite.salt_size
    ));
  if (config.integrity_key.size() != suite.integrity_key_size)
    return invalid(fmt::format(
        "integrity key: {} bytes, {} needs {}", config.integrity_key.size(), suite.name,
        suite.integrity_key_size
    ));
  return {};
}

Status validate_lifetimes(const SaConfig& config) {
  const struct {
    const char* what;
    uint64_t soft, hard;
  } pairs[] = {
      {"packets", config.lifetime_soft.packets, config.lifetime_hard.packets},
      {"bytes", config.lifetime_soft.bytes, config.lifetime_hard.bytes},
      {"seconds", config.lifetime_soft.seconds, config.lifetime_hard.seconds},
  };
  for (const auto& [what, soft, hard] : pairs)
    if (soft != 0 && hard != 0 && soft > hard)
      return invalid(fmt::format(
          "lifetime in {}: soft {} is after hard {}, so it would never re-key", what, soft, hard
      ));
  return {};
}

Status validate_sequence(const SaConfig& config) {
  const uint32_t window = config.replay_window;
  if (config.direction == Direction::kInbound &&
      (window < kReplayWindowMin || window > kReplayWindowMax))
    return invalid(fmt::format(
        "replay window: {} packets, must be {}..{}", window, kReplayWindowMin, kReplayWindowMax
    ));
  if (!config.esn && config.last_sequence > UINT32_MAX)
    return invalid(fmt::format(
        "last sequence number: {} does not fit 32 bits, and ESN is off", config.last_sequence
    ));
  return {};
}

Status validate_fields(const SaConfig& config) {
  if (config.spi.value() < kSpiMin)
    return invalid(fmt::format("SPI: {} is reserved, must be >= {}", config.spi.value(), kSpiMin));
  if (config.tunnel_id.value() == 0 || config.tunnel_id.value() >= 1u << 24)
    return invalid(fmt::format("tunnel id: {}, must be 1..2^24-1", config.tunnel_id.value()));
  if (config.dscp.value > 63)
    return invalid(fmt::format("DSCP: {}, must be 0..63", config.dscp.value));
  RAVEN_TRY(validate(config.outer));
  RAVEN_TRY(validate_keys(config, suite_of(config.algorithm)));
  RAVEN_TRY(validate_sequence(config));
  return validate_lifetimes(config);
}

}  // namespace

std::string SaConfig::text() const {
  return fmt::format(
      "{} SPI 0x{:08x} {} -> {}", direction == Direction::kInbound ? "in" : "out", spi.value(),
      outer.source.text(), outer.destination.text()
  );
}

Status validate(const OuterAddresses& outer) {
  if (outer.source.family() != outer.destination.family())
    return invalid(fmt::format(
        "outer addresses: {} and {} are of different families", outer.source.text(),
        outer.destination.text()
    ));
  for (const IpAddress* address : {&outer.source, &outer.destination})
    if (address->is_unspecified() || address->is_multicast())
      return invalid(fmt::format("outer address: {} is not of one host", address->text()));
  if ((outer.source_port == 0) != (outer.destination_port == 0))
    return invalid(fmt::format(
        "UDP ports: {} and {}, set both or none", outer.source_port, outer.destination_port
    ));
  return {};
}

Status validate(const SaConfig& config) {
  Status status = validate_fields(config);
  if (!status.ok()) return std::move(status.error()).with(config.text());
  return {};
}

}  // namespace raven::dataplane
