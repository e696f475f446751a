// Settings of raven-agent-lite.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/settings/settings.h"

namespace raven::agent_lite {

// How packets for other sites get from this node to the gateway of its own site.
enum class Encapsulation : uint8_t { kVxlan, kDirect };

struct ProbeSettings {
  uint32_t interval_ms = 200;
  uint32_t loss_max = 3;
  uint32_t switch_back_delay_ms = 5000;

  static void describe(settings::Schema<ProbeSettings>& s);
};

struct Settings {
  std::string source = "cluster";
  std::string node_name;
  Encapsulation encapsulation = Encapsulation::kVxlan;
  uint32_t wan_mtu = 0;
  uint32_t tunnel_overhead = 88;
  ProbeSettings probe;
  uint32_t resync_interval_s = 30;
  uint32_t snapshot_wait_ms = 3000;
  std::vector<IpAddress> protected_addresses;
  std::vector<IpPrefix> cluster_cidrs;
  bool remove_raven_leftovers = true;
  std::string state_dir = "/var/lib/raven-gateway/agent-lite";
  std::string lock_file = "/run/raven-gateway/agent-lite.lock";
  std::string metrics_address = "127.0.0.1:10304";

  static void describe(settings::Schema<Settings>& s);
};

}  // namespace raven::agent_lite
