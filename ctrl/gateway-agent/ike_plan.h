// The VICI connections of this box: one per peer, with one child per worker of the dataplane.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "ctrl/gateway-agent/peers.h"
#include "ctrl/gateway-agent/settings.h"
#include "ctrl/ike/vici/message.h"

namespace raven::gateway_agent {

inline constexpr std::string_view kConnectionPrefix = "raven-";
inline constexpr unsigned kChildrenMax = 255;  // the low byte of an if_id counts them

// What, with the settings and the own name, a connection of charon is made of.
struct IkeConnection {
  std::string name;
  Peer peer;
  unsigned children = 0;
  bool operator==(const IkeConnection&) const = default;

  bool dialable() const { return peer.address.has_value(); }  // charon knows where the peer is
};

std::string child_name(unsigned number);  // from 1

// In the order of `peers`; empty when keys come by other means.
// REQUIRES: 1 <= children <= kChildrenMax.
std::vector<IkeConnection> plan_ike(
    const std::vector<Peer>& peers, unsigned children, const IkeSettings& settings
);

// As charon is told; `self`: the name of this node.
vici::Message connection_content(
    const std::string& self, const IkeConnection& connection, const IkeSettings& settings
);

}  // namespace raven::gateway_agent
