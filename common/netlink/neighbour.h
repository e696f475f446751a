// Neighbour: the MAC address of an IP address on a link (ARP, ND).  FdbEntry: the VXLAN peer
// behind which a MAC address lives.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "common/base/ip.h"

namespace raven::netlink {

// Bits of Neighbour::state, as in rtnetlink(7).
inline constexpr uint16_t kNeighbourReachable = 0x02;
inline constexpr uint16_t kNeighbourStale = 0x04;
inline constexpr uint16_t kNeighbourFailed = 0x20;
inline constexpr uint16_t kNeighbourNoarp = 0x40;
inline constexpr uint16_t kNeighbourPermanent = 0x80;

struct Neighbour {
  uint32_t link = 0;  // interface index
  IpAddress address;
  MacAddress mac;  // zero while it is being resolved
  uint16_t state = kNeighbourPermanent;
  uint8_t protocol = 0;  // who made it

  struct Key {
    uint32_t link;
    IpAddress address;
    auto operator<=>(const Key&) const = default;
  };
  Key key() const { return {link, address}; }
  bool operator==(const Neighbour&) const = default;
  std::string text() const;  // "240.1.2.3 lladdr aa:0f:f0:01:02:03 dev 7"
};

struct FdbEntry {
  uint32_t link = 0;  // index of the VXLAN device
  MacAddress mac;
  IpAddress destination;  // where the encapsulated frame goes; 0.0.0.0: not a VXLAN entry
  uint16_t state = kNeighbourPermanent;

  struct Key {
    uint32_t link;
    MacAddress mac;
    auto operator<=>(const Key&) const = default;
  };
  Key key() const { return {link, mac}; }
  bool operator==(const FdbEntry&) const = default;
  std::string text() const;  // "aa:0f:f0:01:02:03 dst 10.1.2.3 dev 7"
};

}  // namespace raven::netlink
