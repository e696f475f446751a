// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/diff.h"

#include "common/wire/raven.h"

namespace raven::agent_lite {
namespace {

bool is_overlay(const netlink::Link& link) {
  return link.vxlan && link.vxlan->vni == kVxlanVni && link.vxlan->port == kVxlanPort;
}

}  // namespace

LinkChange diff_link(
    const std::optional<netlink::Link>& desired, const std::optional<netlink::Link>& actual
) {
  if (!desired) return actual && is_overlay(*actual) ? LinkChange::kRemove : LinkChange::kNone;
  if (!actual) return LinkChange::kCreate;
  if (actual->kind != desired->kind) return LinkChange::kForeign;
  if (actual->vxlan != desired->vxlan || actual->name != desired->name) return LinkChange::kReplace;
  const bool same = actual->mtu == desired->mtu && actual->mac == desired->mac &&
                    actual->up == desired->up &&
                    actual->ipv6_auto_address == desired->ipv6_auto_address;
  return same ? LinkChange::kNone : LinkChange::kChange;
}

Changes diff(const Desired& desired, const Actual& actual) {
  return {
      .addresses = netlink::diff(desired.addresses, actual.addresses),
      .neighbours = netlink::diff(desired.neighbours, actual.neighbours),
      .forwarding = netlink::diff(desired.forwarding, actual.forwarding),
      .routing = netlink::diff(desired.routing, actual.routing),
  };
}

}  // namespace raven::agent_lite
