// The overlay inside a site, raven0: addresses that follow from node addresses, in Raven's scheme.
// SPDX-License-Identifier: Apache-2.0
//
// Every node has an overlay address that follows from its node address, so that no lookup
// is needed: 240.b.c.d, where b.c.d are the last three bytes of the node address (vxlanIP() of
// Raven). Two nodes of one site that are equal in these three bytes collide.  The overlay address
// of an overlay address is that address.
//
// IPv6 packets need an IPv6 next hop.  It is the link-local address fe80::240.b.c.d: valid on one
// link only, and, as a static neighbour, never asked for on the wire.  The gateway sees nothing
// of it but its own MAC address in the Ethernet header.
#pragma once

#include "common/base/ip.h"

namespace raven {

// 10.1.2.3 -> 240.1.2.3
IpAddress overlay_address(const IpAddress& node);
// 10.1.2.3 -> fe80::f001:203
IpAddress overlay_link_local(const IpAddress& node);
// One of these two, by family.
IpAddress overlay_hop(const IpAddress& node, IpFamily family);
// 10.1.2.3 -> aa:0f:f0:01:02:03
MacAddress overlay_mac(const IpAddress& node);

}  // namespace raven
