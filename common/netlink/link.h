// Link: a network interface as rtnetlink shows it, and what is needed to create a VXLAN device.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/ip.h"

namespace raven::netlink {

// Parameters of a VXLAN device without a multicast group: peers are static FDB entries.
struct Vxlan {
  uint32_t vni = 0;
  uint16_t port = 0;  // UDP, host byte order
  bool learning = false;
  bool operator==(const Vxlan&) const = default;
};

struct Link {
  uint32_t index = 0;  // 0 in a link that is to be created
  std::string name;
  std::string kind;  // "vxlan", "veth", "bridge"; empty for a physical interface
  uint32_t mtu = 0;
  MacAddress mac;
  bool up = false;       // set up by the administrator
  bool running = false;  // up, and has a carrier
  // Whether the kernel gives the device a link-local IPv6 address by itself; false too where there
  // is no IPv6.  Kernel::put() can only switch it off.
  bool ipv6_auto_address = true;
  std::optional<Vxlan> vxlan;
};

}  // namespace raven::netlink
