// EspVerdict: how ESP processing of one packet ended.  The names are the drop reasons of metrics.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace raven::dataplane {

// One row per verdict: enumerator, name, help.
#define RAVEN_ESP_VERDICTS(V)                                                                   \
  V(kOk, "ok", "Processed.")                                                                    \
  V(kSpiReserved, "spi_reserved", "SPI 0..255, never valid on the wire.")                       \
  V(kSpiUnknown, "spi_unknown", "No SA with this SPI.")                                         \
  V(kEspShort, "esp_short", "Shorter than ESP header, IV, trailer and ICV.")                    \
  V(kEspAlign, "esp_align", "Ciphertext is not a multiple of the block size.")                  \
  V(kReplayOld, "replay_old", "Sequence number left of the replay window, or 0.")               \
  V(kReplayDup, "replay_dup", "Sequence number was received before.")                           \
  V(kIcv, "icv", "Integrity check failed: forged, damaged, or the wrong key.")                  \
  V(kPad, "pad", "Authentic, but the padding is not 1, 2, 3... or is longer than the payload.") \
  V(kNextHeader, "next_header", "Authentic, but not an IP packet in tunnel mode.")              \
  V(kDummy, "dummy", "Traffic-flow-confidentiality dummy (next header 59), not an error.")      \
  V(kInnerMalformed, "inner_malformed", "Authentic, but the inner IP header is wrong.")         \
  V(kEcn, "ecn", "Outer congestion mark on a flow without ECN (RFC 6040): a lost packet.")      \
  V(kSeqExhausted, "seq_exhausted", "Outbound sequence numbers are used up: re-key.")           \
  V(kSaExpired, "sa_expired", "A hard lifetime of the SA has run out.")                         \
  V(kHeadroom, "headroom", "No room around the packet for headers or trailer, or too long.")    \
  V(kCipher, "cipher", "The cipher library refused the packet.")

enum class EspVerdict : uint8_t {
#define RAVEN_ESP_VERDICT(id, name, help) id,
  RAVEN_ESP_VERDICTS(RAVEN_ESP_VERDICT)
#undef RAVEN_ESP_VERDICT
};

std::string_view esp_verdict_name(EspVerdict verdict);
std::string_view esp_verdict_help(EspVerdict verdict);

}  // namespace raven::dataplane
