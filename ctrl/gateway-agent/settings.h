// The settings of raven-gateway-agent.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/settings/settings.h"
#include "common/site/agent_settings.h"
#include "common/wire/raven.h"

namespace raven::gateway_agent {

struct IkeSettings {
  bool enabled = true;
  std::string socket = "/run/charon.vici";
  std::string psk_file;
  std::string local_address = "%any";
  uint16_t port = kTunnelPort;
  bool udp_encapsulation = true;
  bool mobike = true;
  std::vector<std::string> ike_proposals = {
      "aes256gcm16-prfsha384-ecp256", "aes128gcm16-prfsha256-x25519"};
  std::vector<std::string> esp_proposals = {"aes128gcm16-x25519-esn", "aes256gcm16-ecp256-esn"};
  uint32_t ike_rekey_s = 14'400;
  uint32_t child_rekey_s = 3'600;
  uint32_t dead_peer_s = 5;
  uint32_t replay_window = kReplayWindowDefault;
  static void describe(settings::Schema<IkeSettings>& schema);
};

struct RouteSettings {
  bool enabled = true;
  std::string interface = kOverlayName;
  uint32_t mtu = 0;
  static void describe(settings::Schema<RouteSettings>& schema);
};

struct HeartbeatSettings {
  uint32_t duration_s = 4;
  uint32_t period_ms = 1'000;
  static void describe(settings::Schema<HeartbeatSettings>& schema);
};

struct Settings : site::AgentSettings {
  Settings() : AgentSettings{"gateway-agent", "127.0.0.1:10302"} {}

  std::string dataplane_socket = "/run/raven-gateway/dataplane.sock";
  std::string public_ip = "none";
  site::Encapsulation node_encapsulation = site::Encapsulation::kVxlan;
  IkeSettings ike;
  RouteSettings routes;
  HeartbeatSettings heartbeat;
  uint32_t debounce_ms = 100;
  uint32_t resync_s = 30;
  uint32_t request_timeout_ms = 3'000;
  static void describe(settings::Schema<Settings>& schema);
};

}  // namespace raven::gateway_agent
