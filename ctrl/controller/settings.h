// The settings of raven-controller.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "common/settings/settings.h"

namespace raven::controller {

struct LeaderSettings {
  uint32_t lease_duration_ms = 15'000;
  uint32_t renew_deadline_ms = 10'000;
  uint32_t retry_period_ms = 2'000;
  static void describe(settings::Schema<LeaderSettings>& schema);
};

struct Settings {
  std::string source = "cluster";
  std::string identity;
  std::string metrics_address = "127.0.0.1:10303";
  uint32_t hold_down_s = 30;
  uint32_t recovery_wait_s = 5;
  uint32_t debounce_ms = 50;
  uint32_t resync_s = 30;
  uint32_t request_timeout_ms = 3'000;
  LeaderSettings leader;
  static void describe(settings::Schema<Settings>& schema);
};

}  // namespace raven::controller
