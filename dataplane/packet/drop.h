// Drop: the one named reason why a packet goes no further.
// SPDX-License-Identifier: Apache-2.0
//
// Where it was dropped is no property of the reason: drops are counted by both (stage/counters.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/ipsec/esp_verdict.h"

namespace raven::dataplane {

enum class Drop : uint8_t {
#define DROP(id, name, help) id,
#include "dataplane/packet/drops.def"
#undef DROP
  kEspFirst,  // row of EspVerdict v (kOk has none in use): kEspFirst + v
};

namespace internal {
#define RAVEN_COUNT_ESP_VERDICT(id, name, help) +1
inline constexpr std::size_t kEspVerdictCount = 0 RAVEN_ESP_VERDICTS(RAVEN_COUNT_ESP_VERDICT);
#undef RAVEN_COUNT_ESP_VERDICT
}  // namespace internal

inline constexpr std::size_t kDropCount =
    static_cast<std::size_t>(Drop::kEspFirst) + internal::kEspVerdictCount;

// REQUIRES: verdict != kOk.
constexpr Drop drop_of(EspVerdict verdict) {
  return static_cast<Drop>(static_cast<uint8_t>(Drop::kEspFirst) + static_cast<uint8_t>(verdict));
}

struct DropInfo {
  std::string_view name;  // label `reason` of the metric
  std::string_view help;
};

// Of reason `index` < kDropCount.  The unused row of EspVerdict::kOk has an empty name: skip it.
DropInfo drop_info(std::size_t index);
inline DropInfo drop_info(Drop drop) {
  return drop_info(static_cast<std::size_t>(drop));
}

}  // namespace raven::dataplane
