// The metrics of raven-agent-lite, from metrics.def.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/metrics/metrics.h"

namespace raven::agent_lite {

enum class Metric {
#define METRIC(id, ...) id,
#include "agent-lite/metrics.def"
#undef METRIC
};

inline constexpr metrics::Row kMetricRows[] = {
#define METRIC RAVEN_METRIC_ROW
#include "agent-lite/metrics.def"
#undef METRIC
};

using Metrics = metrics::Table<Metric>;

}  // namespace raven::agent_lite
