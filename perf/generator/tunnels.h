// Tunnels: the world of a measurement: one gateway, any number of peers, and what is behind each.
// SPDX-License-Identifier: Apache-2.0
//
// Everything follows from the number of a tunnel, so that the gateway under test (ours, or another
// one configured from outside) and the traffic generator need not talk:
//
//   tunnel i          remote pods 10.(64 + i / 256).(i % 256).0/24, fd00:2:i::/64
//   outer             gateway 198.18.0.1, peer 198.19.0.1 + i; 2001:db8::1, 2001:db8:1::(1 + i)
//   SA s              of worker w and tunnel i: s = i * workers + w
//   SPI               0x10001 + s towards the gateway, 0x20001 + s from it
//   keys              byte k: (s * 31 + k * 7 + 1) % 256, both directions
//   site              node "direct" 10.1.3.2, pods 10.1.3.0/24, fd00:1:3::/64;
//                     node "vxlan" 10.1.2.2, pods 10.1.2.0/24
//   Ethernet          gateway 00:00:00:00:00:00 (what net_ring ports have), node 02:00:00:00:00:11,
//                     WAN router 02:00:00:00:00:21
//
// Threading: a value.
#pragma once

#include <cstdint>

#include "dataplane/ipsec/sa_config.h"

namespace raven::perf {

enum class Side : uint8_t { kGateway, kPeer };

struct Tunnels {
  static constexpr unsigned kMax = 16384;

  dataplane::Algorithm algorithm = dataplane::Algorithm::kAes128Gcm;
  unsigned count = 1;
  unsigned workers = 1;  // of the gateway: as many CHILD_SAs per tunnel
  bool udp_encapsulated = false;
  bool ipv6 = false;   // outer and inner
  bool vxlan = false;  // on the LAN side

  // The SA of tunnel i for a worker of the gateway, as `side` has it; inbound at the gateway is
  // what the peer sends with.
  dataplane::SaConfig sa(unsigned i, unsigned worker, Side side, dataplane::Direction direction)
      const;

  IpAddress gateway() const;
  IpAddress peer(unsigned i) const;
  IpPrefix remote_prefix(unsigned i) const;
  IpAddress remote_pod(unsigned i) const;
  IpPrefix local_prefix() const;
  IpAddress local_pod() const;
  IpAddress node() const;         // on the LAN, always IPv4
  IpAddress gateway_lan() const;  // ours on the LAN, always IPv4

  static MacAddress gateway_mac();
  static MacAddress node_mac();
  static MacAddress router_mac();
  static MacAddress node_overlay_mac();
  static MacAddress gateway_overlay_mac();
};

}  // namespace raven::perf
