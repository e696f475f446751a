// AgentSettings: what can be set for every agent, on gateway boxes and on plain nodes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "common/settings/settings.h"

namespace raven::site {

// How packets go between a plain node and the gateway boxes of its site.
enum class Encapsulation : uint8_t { kVxlan, kDirect };

struct AgentSettings {
  // `agent`: its name in paths.
  AgentSettings(const std::string& agent, std::string metrics);

  std::string source = "cluster";
  std::string node_name;
  std::vector<IpAddress> protected_addresses;
  std::vector<IpPrefix> cluster_cidrs;
  uint32_t snapshot_wait_ms = 3'000;
  std::string state_dir;
  std::string lock_file;
  std::string metrics_address;
  static void describe(settings::Schema<AgentSettings>& schema);
};

// The name of this node: the setting, $NODE_NAME, or the host name.  kInvalid when Kubernetes
// cannot have a node of that name, which no Gateway would ever list.
Result<std::string> node_name(const AgentSettings& settings);

}  // namespace raven::site
