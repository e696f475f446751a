// NextHop: what the kernel's routes and neighbours mean for one destination of the packet path.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: the kernel's view goes in, a decision comes out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "common/netlink/neighbour.h"
#include "common/netlink/route.h"
#include "dataplane/packet/ids.h"

namespace raven::dataplane {

// A port as the kernel knows it: by the interface that carries its addresses.
struct KernelPort {
  PortIndex port;
  std::string interface;
  uint32_t link = 0;  // interface index, 0: not there now
  uint16_t mtu = 1500;
};

struct NextHop {
  std::optional<PortIndex> port;
  std::optional<IpAddress> source;  // of ours, as the kernel would choose it
  IpAddress address;                // the neighbour: gateway, or the destination itself
  uint32_t link = 0;
  std::optional<MacAddress> mac;  // nullopt: not resolved
  bool needs_probe = false;       // ask the kernel to resolve or to confirm the neighbour
  std::string problem;            // why packets cannot go there; empty: they can

  bool usable() const { return port.has_value() && mac.has_value(); }
  bool operator==(const NextHop&) const = default;
};

// `route` is the kernel's answer for `destination`.
NextHop decide_next_hop(
    const IpAddress& destination, const Result<netlink::Route>& route,
    const std::vector<KernelPort>& ports, const std::vector<netlink::Neighbour>& neighbours
);

}  // namespace raven::dataplane
