// KeptRecord: an SA as the journal keeps it: everything that SaConfig says, and its worker.
// SPDX-License-Identifier: Apache-2.0
//
// Bytes without pointers and without padding.  Holds keys: it lives in the journal's memory only.
// Reading takes any bytes and accepts what describes a valid SA.  Threading: values.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/base/result.h"
#include "dataplane/ipsec/sa_config.h"

namespace raven::dataplane {

inline constexpr std::size_t kKeptKeySize = 64;

struct KeptRecord {
  uint64_t serial;  // order in which the SAs were added
  uint64_t instance;
  uint64_t created_ns;  // BootClock
  uint64_t soft_packets, soft_bytes, soft_seconds;
  uint64_t hard_packets, hard_bytes, hard_seconds;
  uint32_t spi, tunnel_id, reqid, replay_window, tfc_size;
  uint16_t worker, source_port, destination_port;
  uint8_t direction, algorithm, esn, dscp_copies, dscp_value, df;
  uint8_t family, key_size, integrity_key_size, zero[5];
  uint8_t source[16], destination[16];  // IPv4: in the first four
  uint8_t key[kKeptKeySize], integrity_key[kKeptKeySize];
};
static_assert(std::has_unique_object_representations_v<KeptRecord>);

// Into `record`, in place: keys are not copied anywhere else.
void write_record(
    const SaConfig& config, WorkerId worker, uint64_t serial, Instant created, KeptRecord& record
);
// Addresses alone.
void write_outer(const OuterAddresses& outer, KeptRecord& record);

// kInvalid: what is wrong.  Everything but the counters (SaConfig::past holds `created` alone).
Result<SaConfig> read_record(const KeptRecord& record);

}  // namespace raven::dataplane
