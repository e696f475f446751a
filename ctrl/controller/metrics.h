// The metrics of raven-controller: rows of metrics.def as an enum and a table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "common/metrics/metrics.h"

namespace raven::controller {

enum class Metric : std::size_t {
#define METRIC(id, ...) id,
#include "ctrl/controller/metrics.def"
#undef METRIC
};

inline constexpr std::array kMetricRows{
#define METRIC RAVEN_METRIC_ROW
#include "ctrl/controller/metrics.def"
#undef METRIC
};

using MetricTable = metrics::Table<Metric>;

}  // namespace raven::controller
