// NodeTable: the other nodes of the local pool, how to reach each, and who may speak VXLAN to us.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: built off-path, then read-only (part of Topology).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/base/ip.h"
#include "common/wire/raven.h"
#include "dataplane/packet/ids.h"

namespace raven::dataplane {

enum class Encapsulation : uint8_t { kVxlan, kDirect };

// Outer IPv4 + UDP + VXLAN + inner Ethernet, as they precede each packet to a node.
inline constexpr unsigned kVxlanOverhead = kVxlanOverheadV4;

// What control knows about a node.
struct NodeSpec {
  IpAddress address;        // on the LAN
  IpAddress local_address;  // ours on the same LAN: the outer source
  Encapsulation encapsulation = Encapsulation::kVxlan;
  AdjacencyIndex adjacency = kNoAdjacency;  // next hop towards `address`
  MacAddress overlay_mac;        // of the node's raven0 (VXLAN): aa:0f + its 240.x address
  MacAddress local_overlay_mac;  // of ours: the inner source
  uint16_t mtu = 1500;           // of the port towards it
  bool gateway = false;          // another gateway box of the pool
};

// Whose address it is.
enum class PoolNode : uint8_t { kStranger, kPlain, kGateway };

struct Node {
  Encapsulation encapsulation = Encapsulation::kVxlan;
  AdjacencyIndex adjacency = kNoAdjacency;
  uint16_t mtu = 1500;  // largest inner packet
  // Length, identification, UDP source port are set per packet; the checksum covers the rest.
  std::array<uint8_t, kVxlanOverhead> vxlan_template{};
};

class NodeTable {
 public:
  // VXLAN is IPv4 only, as Raven's: an IPv6 node with kVxlan gets no template and is reached
  // as kDirect would be.  Control reports it before it gets here.
  NodeIndex add(const NodeSpec& spec);

  const Node& operator[](NodeIndex index) const { return nodes_[index.value()]; }
  std::size_t size() const { return nodes_.size(); }

  // Which node of the local pool has this address?  Network order, any alignment.
  PoolNode find_v4(const void* address) const;
  PoolNode find_v6(const void* address) const;

 private:
  template <class Address>
  struct Known {
    Address address;  // as loaded from the wire
    PoolNode node;
  };
  template <class Address>
  using KnownNodes = std::vector<Known<Address>>;  // sorted by address

  template <class Address>
  static PoolNode find(const KnownNodes<Address>& nodes, const void* address);
  template <class Address>
  static void insert(KnownNodes<Address>& nodes, const NodeSpec& spec);

  std::vector<Node> nodes_;
  KnownNodes<uint32_t> known_v4_;
  KnownNodes<std::array<uint8_t, 16>> known_v6_;
};

}  // namespace raven::dataplane
