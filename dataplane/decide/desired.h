// Desired: what the agent wants of this box, checked; and the routes that follow from it.
// SPDX-License-Identifier: Apache-2.0
//
// Pure.  Every item that is wrong is left out and named; all others hold.  Who gets a prefix is not
// decided here: the agent says what is blocked.  But what it says is verified: a remote prefix that
// overlaps another pool's or our own side is blocked too, and our own side always is a hole.
//
// Threading: values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/blocked_prefixes.h"
#include "common/base/ip.h"
#include "common/dpapi/dataplane.pb.h"

namespace raven::dataplane {

struct ItemError {
  std::string item;
  std::string reason;
  bool operator==(const ItemError&) const = default;
};

struct LocalNode {
  std::string name;
  IpAddress address;
  std::vector<IpPrefix> prefixes;
  bool vxlan = true;  // false: plain routed packets on the same L2
  bool gateway = false;
  bool operator==(const LocalNode&) const = default;
};

struct Peer {
  std::string name;
  std::string pool;
  uint32_t tunnel = 0;
  bool operator==(const Peer&) const = default;
};

struct RemotePool {
  std::string name;
  std::vector<IpPrefix> prefixes;
  std::vector<uint32_t> gateways;  // tunnels, in order of preference
  bool operator==(const RemotePool&) const = default;
};

// All of it decides whether an update changes anything. The generation, which does not, is apart.
struct Desired {
  std::string node_name;
  std::string pool;
  std::vector<IpPrefix> own_prefixes;
  std::optional<IpAddress> overlay;
  std::vector<LocalNode> nodes;
  std::vector<Peer> peers;
  std::vector<RemotePool> pools;
  BlockedPrefixes blocked;

  bool operator==(const Desired&) const = default;
  // All prefixes that only a tunnel may carry, blocked ones included.
  std::vector<IpPrefix> remote_prefixes() const;
  std::size_t prefix_count() const;
};

struct CheckedDesired {
  uint64_t generation = 0;  // as the message says
  Desired state;
  std::vector<ItemError> errors;
};

CheckedDesired check_desired(const dpapi::v1::DesiredState& message);

}  // namespace raven::dataplane
