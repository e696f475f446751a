// SaInfo: what may be known of an SA: everything but its keys.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/sa/entries.h"

namespace raven::dataplane {

// kStandby: outbound, and the worker has a newer one.
enum class SaState { kActive, kStandby, kSoftExpired, kExpired };
const char* sa_state_name(SaState state);

struct SaInfo {
  SaId id;
  TunnelId tunnel;
  std::string_view algorithm;
  bool esn = false;
  uint32_t replay_window = 0;  // packets, inbound
  WorkerId worker;
  uint64_t packets = 0, bytes = 0;
  uint64_t sequence = 0;
  uint64_t errors = 0;
  std::chrono::seconds age{0};
  std::optional<std::chrono::seconds> idle;  // nothing: never used
  SaState state = SaState::kActive;
};

// Threading: the control thread.
SaInfo describe(const SaEntry& entry, const SaEntries& entries, Instant now);

}  // namespace raven::dataplane
