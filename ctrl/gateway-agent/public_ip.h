// Filling in the publicIP of this box's own endpoint, when the settings say what it is.
// SPDX-License-Identifier: Apache-2.0
//
// Only an empty publicIP is filled: what a person or another agent has written stays.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "common/kube/json.h"
#include "common/netlink/address.h"

namespace raven::gateway_agent {

struct PublicIpSource {
  std::string interface;             // empty: not from an interface
  std::optional<IpAddress> address;  // written in the settings
  bool is_none() const { return interface.empty() && !address; }

  // "none", "interface:NAME" or an address.
  static Result<PublicIpSource> parse(std::string_view text);
};

// The first global address of the interface with this index, IPv4 before IPv6.
std::optional<IpAddress> global_address(std::span<const netlink::Address> addresses, uint32_t link);

// The merge patch that fills in `address` for the tunnel endpoints of `node`; nothing when none of
// them is empty.  Carries the resourceVersion of `gateway`, as lists are replaced as a whole.
std::optional<kube::Json> public_ip_patch(
    const kube::Json& gateway, std::string_view node, const IpAddress& address
);

}  // namespace raven::gateway_agent
