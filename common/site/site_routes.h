// The kernel routes of a box to the other sites, as far as gateway boxes and plain nodes agree.
// SPDX-License-Identifier: Apache-2.0
//
// For each prefix of each other site:
//   metric 10     the way there, which each agent finds for its kind of box
//   metric 65000  blackhole, so that nothing leaves in clear text when the first is missing
// and for what is blocked (common/model/blocked.h):
//   metric 65000  blackhole
//   metric 65000  throw for each hole in it: the next rules decide as if nothing were blocked there
// all in Raven's table, which a rule asks for every packet, whatever its mark: the rule matches
// after kube-proxy's DNAT too, for forwarded packets and for the box's own.
//
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/ip.h"
#include "common/model/network.h"
#include "common/model/remote_prefixes.h"
#include "common/netlink/reconcile.h"
#include "common/wire/raven.h"

namespace raven::site {

// What is ours in the kernel.
inline constexpr netlink::Tag kTag{kRavenTable, kRavenProtocol, kRavenRulePriority};

inline constexpr uint32_t kRouteMetric = 10;
inline constexpr uint32_t kBlackholeMetric = 65'000;

netlink::Route blackhole(const IpPrefix& prefix, uint32_t table, uint32_t metric);

// The lower layer: a blackhole for each prefix that must not leave in clear text (those of other
// pools, and what is blocked), its holes before, and the rule of each family that has one.
netlink::Routing plan_blackholes(
    const model::RemotePrefixes& remote, const model::Network& network
);

// The way to a prefix, above its blackhole: all but next hop and source.
netlink::Route route_through(uint32_t link, const IpPrefix& prefix, uint32_t mtu);

// The source address of what the box itself sends to other sites: the lowest of its addresses that
// lie in its own prefixes.  Unset: there is none, and the kernel chooses.
//
// In its own prefixes: other sites accept packets from the prefixes of our pool only, not from a
// node address, and answers to an address in the prefix of another node go to that one.
// The lowest: the kernel lists interfaces in the order in which they were made, so that the first
// address would be another one after a restart of the CNI or of the box.
// The network address of a prefix comes last (flannel gives it to its VXLAN device): for kernels
// before 5.14 it is a broadcast address too, and in IPv6 the anycast address of the prefix's
// routers (RFC 4291 section 2.6.1).
std::optional<IpAddress> preferred_source(
    const model::Member& self, const std::vector<IpAddress>& addresses, IpFamily family
);

}  // namespace raven::site
