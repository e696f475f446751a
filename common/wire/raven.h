// Numbers that all boxes of a cluster must agree on, on the wire and in a node's kernel: those of
// OpenYurt Raven (its constant is named), and those that are ours beside them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace raven {

// ---- between sites ----

// UDP, for IKE and ESP (RFC 3948).  DefaultTunnelServerExposedPort (openyurt, apis/raven/v1beta1).
inline constexpr uint16_t kTunnelPort = 4500;
// TCP, for layer 7.  DefaultProxyServerExposedPort (same place).
inline constexpr uint16_t kProxyPort = 10'262;

// Packets that may arrive out of order; the same bounds for every program that can be told a
// window.  RFC 4303 section 3.4.3 wants at least 32 and recommends 64; the upper bound is ours.
inline constexpr uint32_t kReplayWindowMin = 64;
inline constexpr uint32_t kReplayWindowMax = 32'768;
inline constexpr uint32_t kReplayWindowDefault = 4'096;

// ---- inside a site: raven, pkg/networkengine/routedriver/vxlan ----

inline constexpr const char* kOverlayName = "raven0";  // vxlanLinkName
inline constexpr uint16_t kVxlanPort = 4472;           // vxlanPort: UDP, not the IANA number
inline constexpr uint32_t kVxlanVni = 200;             // vxlanID
// What VXLAN adds to a packet on the LAN: inner Ethernet, VXLAN, UDP and the outer IP header.
inline constexpr uint32_t kVxlanOverheadV4 = 14 + 8 + 8 + 20;  // vxlanEncapLen
inline constexpr uint32_t kVxlanOverheadV6 = 14 + 8 + 8 + 40;  // ours: Raven is IPv4 only
inline constexpr uint8_t kOverlayNetwork = 240;                // vxlanGwPrefix: of 240.0.0.0/8
inline constexpr unsigned kOverlayPrefixLength = 8;
inline constexpr uint8_t kOverlayMacPrefix[2] = {0xaa, 0x0f};  // default of customized-mac-prefix

// UDP, for path probes (probe.h).  Ours: the port after Raven's.
inline constexpr uint16_t kProbePort = 4473;

// ---- in the kernel of a node (same place) ----

inline constexpr uint32_t kRavenTable = 9027;        // routeTableID
inline constexpr uint32_t kRavenRulePriority = 100;  // rulePriority
// What this program made, and may change and remove.  Ours: no list of iproute2 has it.
inline constexpr uint8_t kRavenProtocol = 0x52;

}  // namespace raven
