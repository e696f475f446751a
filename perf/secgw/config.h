// The configuration of DPDK's ipsec-secgw for the world of Tunnels, and what it supports of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "perf/generator/tunnels.h"

namespace raven::perf {

// kLegacy: ipsec-secgw's own ESP code; kLibrary: librte_ipsec (option -l).
enum class SecgwMode : uint8_t { kLegacy, kLibrary };

inline constexpr uint16_t kProtectedPort = 0;     // LAN
inline constexpr uint16_t kUnprotectedPort = 1;   // WAN
inline constexpr unsigned kPacketBuffers = 8192;  // of its pool

// Error: ipsec-secgw cannot do this without special hardware; the message says what.
Status check_supported(const Tunnels& tunnels, SecgwMode mode);

// The text of its configuration file: policies, SAs of both directions, routes.
std::string secgw_config(const Tunnels& tunnels);

struct SecgwMachine {
  unsigned cpu;
  bool jumbo;  // buffers for inner packets of 9000 bytes
};

// Its command line, EAL options included: one core, one queue for each port.
std::vector<std::string> secgw_arguments(
    const Tunnels& tunnels, SecgwMode mode, SecgwMachine machine, const std::string& config_path
);

}  // namespace raven::perf
