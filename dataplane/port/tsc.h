// The frequency of the time stamp counter, measured in a hundredth of a second.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace raven::dataplane {

// In Hz.  Error below 0.1 %, on a busy machine as well.
uint64_t measure_tsc_hz();

}  // namespace raven::dataplane
