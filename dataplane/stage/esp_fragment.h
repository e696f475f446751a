// What fragment and esp_fragment have to agree on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace raven::dataplane::stage {

// An inner packet of 1280 bytes with all that ESP puts around it, over a path of 576 bytes.
inline constexpr uint32_t kEspFragmentsMax = 3;

}  // namespace raven::dataplane::stage
