// The table of metrics, and the conservation of packets over workers.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "dataplane/telemetry/collector.h"

namespace raven::dataplane {
namespace {

TEST(DataplaneMetrics, HaveUniqueNamesWithPrefixAndHelp) {
  std::set<std::string_view> names;
  for (const metrics::Row& row : kMetricRows) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(row.name.starts_with("raven_dataplane_")) << row.name;
    EXPECT_EQ(row.name.ends_with("_total"), row.kind == metrics::Kind::kCounter) << row.name;
    EXPECT_TRUE(row.help.ends_with(".")) << row.name;
  }
}

TEST(DataplaneMetrics, AccountForEveryPacket) {
  WorkerCounters first, second;
  first.ports[0].received.add(10);
  first.ports[1].transmitted.add(4);
  first.ports[0].punted.add(2);
  first.drops.add(Stage::kRoute, Drop::kTtl);
  first.handed_over.add(2);
  first.to_kernel.add(1);
  second.from_inbox.add(2);
  second.generated.add(1);
  second.ports[1].transmitted.add(3);
  const std::vector<const WorkerCounters*> workers = {&first, &second};
  EXPECT_EQ(unaccounted_packets(workers), 0);
  first.ports[0].received.add(5);
  EXPECT_EQ(unaccounted_packets(workers), 5) << "five packets are nowhere";
}

}  // namespace
}  // namespace raven::dataplane
