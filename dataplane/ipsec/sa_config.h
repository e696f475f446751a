// SaConfig: what the control side says about one SA; the runtime objects are made from it.
// SPDX-License-Identifier: Apache-2.0
//
// Holds keys: it can be moved, not copied, and wipes them when it is destroyed.  Threading: a
// value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "common/base/secret.h"
#include "common/wire/raven.h"
#include "dataplane/ipsec/ids.h"
#include "dataplane/ipsec/lifetime.h"
#include "dataplane/ipsec/suite.h"

namespace raven::dataplane {

enum class Direction : uint8_t { kInbound, kOutbound };

// Outer DSCP: that of the inner packet, or a fixed one (RFC 4301 section 5.1.2.1).
struct DscpRule {
  bool copy = true;
  uint8_t value = 0;  // 0..63, used without copy
};

// DF of an outer IPv4 header (RFC 4301 section 8.1).  An inner IPv6 packet counts as DF set.
enum class DfRule : uint8_t { kCopy, kSet, kClear };

// What a box wants for the outer headers of all its SAs, whatever the key daemon says.
struct OuterRules {
  std::optional<DscpRule> dscp;
  std::optional<DfRule> df;
};

// Outer addresses; both ports 0: plain ESP, both set: ESP in UDP (RFC 3948).
struct OuterAddresses {
  IpAddress source;
  IpAddress destination;
  uint16_t source_port = 0;
  uint16_t destination_port = 0;

  bool udp_encapsulated() const { return source_port != 0; }
  bool operator==(const OuterAddresses&) const = default;
};

// tfc_size of an SA whose packets are padded to what the path carries.
inline constexpr uint32_t kTfcPathMtu = UINT32_MAX;

inline constexpr uint32_t kSpiMin = 256;  // 0..255 are reserved (RFC 4303 section 2.1)

// Without ESN the numbers of an SA end at 2^32 - 1 (RFC 4303 section 3.3.3).  From this one on both
// ends ask for new keys, the receiver for peers that do not: half of the numbers leaves time.
inline constexpr uint64_t kSoftSequence32 = uint64_t{1} << 31;
constexpr bool is_past_soft_sequence(bool esn, uint64_t sequence) {
  return !esn && sequence >= kSoftSequence32;
}

struct SaConfig {
  Spi spi;
  Direction direction = Direction::kInbound;
  TunnelId tunnel_id;
  OuterAddresses outer;

  Algorithm algorithm = Algorithm::kAes128Gcm;
  Secret key;            // encryption key, salt included
  Secret integrity_key;  // empty for AEAD suites
  bool esn = true;
  uint32_t replay_window = kReplayWindowDefault;  // packets, inbound only
  // Last number that was used (outbound) or seen (inbound) with this key.  Not 0 only where an SA
  // is taken over: an outbound number too low would repeat a nonce.
  uint64_t last_sequence = 0;
  std::optional<LifetimePast> past;  // nothing: it begins now

  DscpRule dscp;
  DfRule df = DfRule::kCopy;
  // Outbound: inner packets are padded to this many bytes, but not beyond the path's MTU (RFC 4303
  // section 2.7).  0: not at all, as a peer may ask for (RFC 7296, ESP_TFC_PADDING_NOT_SUPPORTED).
  uint32_t tfc_size = 0;
  LifetimeLimits lifetime_soft;
  LifetimeLimits lifetime_hard;

  uint32_t reqid = 0;     // of the key daemon, repeated to it
  uint64_t instance = 0;  // of the key daemon, see common/dpapi/sa_socket.h

  // "in SPI 0x00001001 192.0.2.1 -> 198.51.100.2", for messages; never keys.
  std::string text() const;
};

inline LifetimePast past_of(const SaConfig& config) {
  return config.past.value_or(LifetimePast{.created = BootClock::now()});
}

// Checks every field; the message names the SA, the field and the range.  Whoever reads an SA from
// outside (socket, file, kept record) calls it once; all others take valid ones.
Status validate(const SaConfig& config);
Status validate(const OuterAddresses& outer);

}  // namespace raven::dataplane
