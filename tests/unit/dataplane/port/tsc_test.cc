// The frequency of the TSC against DPDK's own measurement.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/tsc.h"

#include <gtest/gtest.h>
#include <rte_cycles.h>

#include "tests/unit/dataplane/testing/eal_environment.h"

namespace raven::dataplane::test {
namespace {

TEST(Tsc, IsMeasuredAsDpdkMeasuresIt) {
  const auto known = static_cast<double>(rte_get_tsc_hz());  // rounded to 10 MHz
  EXPECT_NEAR(static_cast<double>(measure_tsc_hz()), known, 0.01 * known);
}

}  // namespace
}  // namespace raven::dataplane::test
