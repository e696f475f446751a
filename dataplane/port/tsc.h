// The frequency of the time stamp counter, measured in a hundredth of a second.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace raven::dataplane {

// In Hz.  Wrong by less than a thousandth, also on a busy machine.
uint64_t measure_tsc_hz();

}  // namespace raven::dataplane
