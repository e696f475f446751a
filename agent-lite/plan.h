// plan(): what the kernel of a plain node should hold, from the pools as seen by that node.  Pure.
// SPDX-License-Identifier: Apache-2.0
//
// The routes are those of common/site/site_routes.h, via the chosen gateway of the local site, with
// the MTU of the whole way.
//
// vxlan: raven0 with all gateways of the site as static neighbours and forwarding entries, so that
// a switch only replaces routes.
//
// direct: the gateway's LAN address as next hop.  Only one family of it is known, as
// Gateway.status holds one address of a node.  Packets of the other family go to the same MAC
// address, which ARP (or ND) has found for the known one: their next hop is the overlay's, as a
// static neighbour on the LAN.  Until the MAC address is known they stay blackholed.
//
// No sysctl is touched.  Strict reverse-path filtering (rp_filter=1) holds in both modes, because
// packets from other sites come back on the device that the routes point to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent-lite/settings.h"
#include "common/base/ip.h"
#include "common/model/network.h"
#include "common/model/remote_prefixes.h"
#include "common/netlink/kernel.h"
#include "common/netlink/reconcile.h"

namespace raven::agent_lite {

// Stands for the index of raven0 until it exists; resolve() puts the index in.
inline constexpr uint32_t kOverlayLink = 0xffffffff;

// What plan() must know of the host.
struct NodeFacts {
  uint32_t lan_link = 0;  // interface index
  uint32_t lan_mtu = 0;
  std::vector<IpAddress> addresses;            // of all interfaces but raven0
  std::vector<netlink::Neighbour> neighbours;  // on the LAN
};

struct PlanOptions {
  Encapsulation encapsulation = Encapsulation::kVxlan;
  uint32_t wan_mtu = 0;
  uint32_t tunnel_overhead = 0;
};

struct Desired {
  std::optional<netlink::Link> overlay;
  std::vector<netlink::Address> addresses;
  std::vector<netlink::Neighbour> neighbours;
  std::vector<netlink::FdbEntry> forwarding;
  netlink::Routing routing;
  // direct: by which MAC address each gateway is reached, by its LAN address; zero: not known yet.
  std::map<IpAddress, MacAddress> gateway_macs;
  std::vector<std::string> problems;  // what cannot be carried, and why
};

// `gateway`: the node name of the chosen gateway; unset: everything is blackholed.
Desired plan(
    const model::Network& network, const model::RemotePrefixes& remote, const NodeFacts& facts,
    const std::optional<std::string>& gateway, const PlanOptions& options
);

// The same with the index of raven0 in place of kOverlayLink.
Desired resolve(Desired desired, uint32_t overlay_index);

}  // namespace raven::agent_lite
