// Settings of raven-agent-lite.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "common/settings/settings.h"
#include "common/site/agent_settings.h"

namespace raven::agent_lite {

using site::Encapsulation;

struct ProbeSettings {
  uint32_t interval_ms = 200;
  uint32_t loss_max = 3;
  uint32_t switch_back_delay_ms = 5000;

  static void describe(settings::Schema<ProbeSettings>& s);
};

struct Settings : site::AgentSettings {
  Settings() : AgentSettings{"agent-lite", "127.0.0.1:10304"} {}

  Encapsulation encapsulation = Encapsulation::kVxlan;
  uint32_t wan_mtu = 0;
  uint32_t tunnel_overhead = 88;
  ProbeSettings probe;
  uint32_t resync_interval_s = 30;
  bool remove_raven_leftovers = true;

  static void describe(settings::Schema<Settings>& s);
};

}  // namespace raven::agent_lite
