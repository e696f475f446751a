// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/site/site_routes.h"
#include "common/wire/overlay.h"
#include "common/wire/raven.h"

namespace raven::agent_lite {
namespace {

using netlink::Route;

// Everything that the steps below look at, in one place.
struct Context {
  const model::Pool& pool;
  const model::Member& self;
  IpAddress node;  // our address on the LAN
  const NodeFacts& facts;
  const PlanOptions& options;
};

bool is_peer(const Context& context, const model::PoolGateway& gateway) {
  return gateway.private_address && gateway.name != context.self.name;
}

bool is_vxlan(const Context& context) {
  return context.options.encapsulation == Encapsulation::kVxlan;
}

IpFamily other_family(const IpAddress& address) {
  return address.is_v4() ? IpFamily::kV6 : IpFamily::kV4;
}

uint32_t minus(uint32_t mtu, uint32_t overhead) {
  return mtu > overhead ? mtu - overhead : 0;
}

uint32_t overlay_mtu(const Context& context) {
  return minus(context.facts.lan_mtu, context.node.is_v4() ? kVxlanOverheadV4 : kVxlanOverheadV6);
}

// The largest packet that passes the LAN to the gateway and then the tunnel.
uint32_t route_mtu(const Context& context) {
  const PlanOptions& options = context.options;
  const uint32_t wan = options.wan_mtu != 0 ? options.wan_mtu : context.facts.lan_mtu;
  const uint32_t lan = is_vxlan(context) ? overlay_mtu(context) : context.facts.lan_mtu;
  return std::min(lan, minus(wan, options.tunnel_overhead));
}

std::optional<IpAddress> source_address(const Context& context, IpFamily family) {
  return site::preferred_source(context.self, context.facts.addresses, family);
}

void plan_overlay(const Context& context, Desired& desired) {
  netlink::Link link;
  link.name = kOverlayName;
  link.kind = "vxlan";
  link.mtu = overlay_mtu(context);
  link.mac = overlay_mac(context.node);
  link.up = true;
  link.ipv6_auto_address = false;
  link.vxlan = netlink::Vxlan{.vni = kVxlanVni, .port = kVxlanPort};
  desired.overlay = link;
  desired.addresses.push_back({
      .link = kOverlayLink,
      .address = overlay_address(context.node),
      .prefix_length = kOverlayPrefixLength,
      .scope = netlink::AddressScope::kLink,
  });
  // kube-proxy masquerades what the node itself sends to a Service.  MASQUERADE takes an address of
  // the device the packet leaves by, so it must find one there that has a way back.
  if (const auto source = source_address(context, IpFamily::kV4))
    desired.addresses.push_back(
        {.link = kOverlayLink, .address = *source, .prefix_length = source->bits()}
    );
}

netlink::Neighbour neighbour(uint32_t link, const IpAddress& address, const MacAddress& mac) {
  netlink::Neighbour entry{.link = link, .address = address, .mac = mac};
  entry.protocol = kRavenProtocol;
  return entry;
}

void plan_vxlan_peer(const IpAddress& peer, Desired& desired) {
  const MacAddress mac = overlay_mac(peer);
  for (const IpAddress& address : {overlay_address(peer), overlay_link_local(peer)})
    desired.neighbours.push_back(neighbour(kOverlayLink, address, mac));
  desired.forwarding.push_back({.link = kOverlayLink, .mac = mac, .destination = peer});
}

// As ARP or ND has found it; while they ask again, as it was.  Zero: not known yet.
MacAddress lan_mac(const Context& context, const IpAddress& peer) {
  const IpAddress stand_in = overlay_hop(peer, other_family(peer));
  MacAddress before;
  for (const netlink::Neighbour& known : context.facts.neighbours) {
    if (known.address == peer && !known.mac.is_zero()) return known.mac;
    if (known.address == stand_in) before = known.mac;
  }
  return before;
}

void plan_direct_peer(const Context& context, const IpAddress& peer, Desired& desired) {
  const MacAddress mac = desired.gateway_macs[peer] = lan_mac(context, peer);
  if (mac.is_zero()) return;
  const IpAddress stand_in = overlay_hop(peer, other_family(peer));
  desired.neighbours.push_back(neighbour(context.facts.lan_link, stand_in, mac));
}

void plan_peers(const Context& context, Desired& desired) {
  std::set<MacAddress> taken{overlay_mac(context.node)};
  for (const model::PoolGateway& gateway : context.pool.gateways) {
    if (!is_peer(context, gateway)) continue;
    const bool fresh = taken.insert(overlay_mac(*gateway.private_address)).second;
    if (fresh && is_vxlan(context)) {
      plan_vxlan_peer(*gateway.private_address, desired);
    } else if (fresh) {
      plan_direct_peer(context, *gateway.private_address, desired);
    } else {
      desired.problems.push_back(fmt::format(
          "gateway {} ({}): another box of this site ends in the same three bytes, so both have "
          "the overlay address {}; give one of them another node address",
          gateway.name, gateway.private_address->text(),
          overlay_address(*gateway.private_address).text()
      ));
    }
  }
}

Route gateway_route(const Context& context, const IpPrefix& prefix, const IpAddress& gateway) {
  const bool by_address = !is_vxlan(context) && prefix.family() == gateway.family();
  const uint32_t link = is_vxlan(context) ? kOverlayLink : context.facts.lan_link;
  Route route = site::route_through(link, prefix, route_mtu(context));
  route.gateway = by_address ? gateway : overlay_hop(gateway, prefix.family());
  route.onlink = !by_address;
  route.preferred_source = source_address(context, prefix.family());
  return route;
}

void plan_routes(
    const Context& context, const std::vector<IpPrefix>& prefixes,
    const std::optional<IpAddress>& gateway, Desired& desired
) {
  if (!gateway) return;
  const auto mac = desired.gateway_macs.find(*gateway);
  const bool both_families =
      is_vxlan(context) || (mac != desired.gateway_macs.end() && !mac->second.is_zero());
  for (const IpPrefix& prefix : prefixes) {
    if (both_families || prefix.family() == gateway->family())
      desired.routing.routes.push_back(gateway_route(context, prefix, *gateway));
    else
      desired.problems.push_back(fmt::format(
          "{}: dropped until the MAC address of the gateway {} is known", prefix.text(),
          gateway->text()
      ));
  }
}

std::optional<IpAddress> address_of(
    const Context& context, const std::optional<std::string>& name
) {
  const model::PoolGateway* gateway = name ? context.pool.gateway(*name) : nullptr;
  return gateway != nullptr && is_peer(context, *gateway) ? gateway->private_address : std::nullopt;
}

}  // namespace

Desired plan(
    const model::Network& network, const model::RemotePrefixes& remote, const NodeFacts& facts,
    const std::optional<std::string>& gateway, const PlanOptions& options
) {
  Desired desired;
  const model::Pool* pool = network.own_pool();
  if (network.role != model::Role::kPlain || pool == nullptr) return desired;
  // The blackholes come first: there is no moment without them.
  desired.routing = site::plan_blackholes(remote, network);
  if (desired.routing.routes.empty()) return desired;
  const model::Member* self = network.own_member();
  if (self == nullptr || !self->private_address || facts.lan_link == 0) {
    desired.problems.push_back(
        "the address of node " + network.self +
        " in its Gateway's status is missing or on no "
        "interface of this host: traffic to other sites is dropped"
    );
    return desired;
  }
  const Context context{*pool, *self, *self->private_address, facts, options};
  if (is_vxlan(context)) plan_overlay(context, desired);
  plan_peers(context, desired);
  const std::optional<IpAddress> next_hop = address_of(context, gateway);
  if (!next_hop)
    desired.problems.push_back("no gateway of this site is known: traffic to other sites is dropped"
    );
  // A site without a gateway of its own stays blackholed here too: the packet would only travel to
  // our gateway to be dropped there.
  for (const model::Pool* other : network.remote_pools())
    plan_routes(context, other->prefixes, next_hop, desired);
  return desired;
}

Desired resolve(Desired desired, uint32_t overlay_index) {
  const auto resolve_all = [&](auto& entries) {
    for (auto& entry : entries)
      if (entry.link == kOverlayLink) entry.link = overlay_index;
  };
  resolve_all(desired.addresses);
  resolve_all(desired.neighbours);
  resolve_all(desired.forwarding);
  resolve_all(desired.routing.routes);
  return desired;
}

}  // namespace raven::agent_lite
