// Collector: reads the counters of the packet path and the state of the engine for each scrape.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: collect functions run on any thread.  Counters of workers are read in place; what
// belongs to the control thread is read on its loop, and left out when that does not answer: a
// missing value is better than a wrong one.
#pragma once

#include "common/event/loop.h"
#include "dataplane/metrics.h"
#include "dataplane/report/view.h"

namespace raven::dataplane {

using MetricSink = metrics::Sink<Metric>;

// Registers with `table`, which must be used no longer than `loop` and what `source` refers to
// live.
void collect_from(event::Loop& loop, const ViewSource& source, metrics::Table<Metric>& table);

void collect_path(const PacketPath& path, MetricSink& sink);
// On the control thread.
void collect_engine(const View& view, MetricSink& sink);

// Sum over all workers of what came in minus what ended somewhere.
int64_t unaccounted_packets(std::span<const WorkerCounters* const> workers);

}  // namespace raven::dataplane
