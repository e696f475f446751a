// What fragment and esp_fragment have to agree on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataplane/packet/meta.h"

namespace raven::dataplane::stage {

// An inner packet of 1280 bytes with all that ESP puts around it, over a path of 576 bytes.
inline constexpr uint32_t kEspFragmentsMax = 3;

// A probe, which is to find out whether the path carries it whole; what else is our own over IPv4
// is small.
inline bool stays_whole(const Meta& info) {
  return info.origin == Origin::kSelf && info.family == 4;
}

}  // namespace raven::dataplane::stage
