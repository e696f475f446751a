// What the EAL is started with, and what is said when it cannot start.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/eal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dataplane/testing/eal_environment.h"

namespace raven::dataplane::test {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(Eal, MissingHugepagesAreNamedWithTheirNumberAndTheCommand) {
  MemorySettings memory;
  memory.size_mb = 64000000;  // more than any machine of today has
  const Status status = check_hugepages(memory);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(status.error().message, HasSubstr("memory.size_mb"));
  EXPECT_THAT(status.error().message, HasSubstr("/proc/sys/vm/nr_hugepages"));
  EXPECT_THAT(status.error().message, HasSubstr("memory.hugepages"));
}

TEST(Eal, WorkersMayBeBoundOrFree) {
  Settings settings = test_settings();
  settings.workers.cpus = {1, 0};
  const std::vector<std::string> arguments = Eal::arguments(settings);
  EXPECT_THAT(arguments, Contains(EndsWith(",1@1,2@0")));
}

TEST(Eal, LooksForPciDevicesOnlyIfAPortIsOne) {
  Settings settings = test_settings();
  settings.ports[0].devargs = "net_af_packet0,iface=eth0";
  EXPECT_THAT(Eal::arguments(settings), Contains("--no-pci"));
  settings.ports[0].devargs = "0000:01:00.0";
  EXPECT_THAT(Eal::arguments(settings), Not(Contains("--no-pci")));
}

TEST(Eal, LeavesNoFilesInHugepageMountsAndHasItsOwnPrefix) {
  Settings settings = test_settings();
  settings.instance = "cloud";
  EXPECT_THAT(Eal::arguments(settings), Contains("raven-cloud"));
  EXPECT_THAT(Eal::arguments(settings), Contains("--no-huge"));
  settings.memory.hugepages = true;
  EXPECT_THAT(Eal::arguments(settings), Contains("--in-memory"));
}

}  // namespace
}  // namespace raven::dataplane::test
