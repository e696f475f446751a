// The metrics of raven-gateway-agent: rows of metrics.def as an enum and a table.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "common/metrics/metrics.h"

namespace raven::gateway_agent {

enum class Metric : std::size_t {
#define METRIC(id, ...) id,
#include "ctrl/gateway-agent/metrics.def"
#undef METRIC
};

inline constexpr std::array kMetricRows{
#define METRIC RAVEN_METRIC_ROW
#include "ctrl/gateway-agent/metrics.def"
#undef METRIC
};

using MetricTable = metrics::Table<Metric>;

}  // namespace raven::gateway_agent
