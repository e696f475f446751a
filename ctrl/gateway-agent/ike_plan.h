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

struct IkeConnection {
  std::string name;
  std::string peer;
  bool initiator = false;
  bool dialable = false;  // charon knows where the peer is
  unsigned children = 0;
  vici::Message content = {};
  bool operator==(const IkeConnection&) const = default;
};

std::string child_name(unsigned number);  // from 1

// Empty when keys come by other means.  REQUIRES: 1 <= children <= kChildrenMax.
std::vector<IkeConnection> plan_ike(
    const std::string& self, const std::vector<Peer>& peers, unsigned children,
    const IkeSettings& settings
);

}  // namespace raven::gateway_agent
