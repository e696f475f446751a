// The EAL of a test program.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/testing/eal_environment.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "dataplane/port/eal.h"

namespace raven::dataplane::test {
namespace {

class EalEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    Result<std::unique_ptr<Eal>> eal = Eal::start(test_settings());
    ASSERT_TRUE(eal.ok()) << eal.error().message;
    eal_ = std::move(eal).value();
  }
  void TearDown() override { eal_.reset(); }

 private:
  std::unique_ptr<Eal> eal_;
};

// GoogleTest owns it.
testing::Environment* const kEnvironment = testing::AddGlobalTestEnvironment(new EalEnvironment);

}  // namespace

Settings test_settings() {
  Settings settings;
  settings.instance = fmt::format("test-{}", getpid());
  settings.workers.count = 2;
  settings.memory.hugepages = false;
  settings.memory.size_mb = 256;
  settings.memory.packet_buffers = 4096;
  settings.tables = {.routes_max = 1024, .sas_max = 64, .tunnels_max = 16, .adjacencies_max = 32};
  PortSettings port;
  port.name = "lan";
  port.devargs = "net_ring_lan";
  port.role = PortRole::kLan;
  port.kernel_interface = "lan0";
  settings.ports.push_back(port);
  port.name = "wan";
  port.devargs = "net_ring_wan";
  port.role = PortRole::kWan;
  port.kernel_interface = "wan0";
  settings.ports.push_back(port);
  return settings;
}

}  // namespace raven::dataplane::test
