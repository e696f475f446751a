// The metrics of raven-dataplane: enum and table from the rows in metrics.def.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/metrics/metrics.h"

namespace raven::dataplane {

enum class Metric {
#define METRIC(id, name, kind, labels, unit, help) id,
#include "dataplane/metrics.def"
#undef METRIC
};

inline constexpr metrics::Row kMetricRows[] = {
#define METRIC(id, name, kind, labels, unit, help) \
  RAVEN_METRIC_ROW(id, name, kind, labels, unit, help)
#include "dataplane/metrics.def"
#undef METRIC
};

}  // namespace raven::dataplane
