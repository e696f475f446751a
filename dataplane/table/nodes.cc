// Building of the node table and of its VXLAN templates.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/nodes.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "common/wire/raven.h"
#include "dataplane/packet/checksum.h"
#include "dataplane/packet/wire.h"

namespace raven::dataplane {
namespace {

struct VxlanStack {
  wire::Ipv4 ip;
  wire::Udp udp;
  wire::Vxlan vxlan;
  wire::Ethernet ethernet;
};
static_assert(sizeof(VxlanStack) == kVxlanOverhead);

std::array<uint8_t, kVxlanOverhead> make_template(const NodeSpec& spec) {
  VxlanStack stack{};
  stack.ip.version_ihl = 0x45;
  stack.ip.fragment = Be16::from_host(wire::Ipv4::kDontFragment);
  stack.ip.ttl = 64;
  stack.ip.protocol = wire::kUdp;
  std::memcpy(stack.ip.source, spec.local_address.bytes().data(), 4);
  std::memcpy(stack.ip.destination, spec.address.bytes().data(), 4);
  stack.ip.checksum = checksum_of(&stack.ip, sizeof(stack.ip));
  stack.udp.destination_port = Be16::from_host(kVxlanPort);
  stack.vxlan.flags = wire::Vxlan::kVniFlag;
  stack.vxlan.vni_reserved = Be32::from_host(kVxlanVni << 8);
  std::memcpy(stack.ethernet.destination, spec.overlay_mac.bytes.data(), 6);
  std::memcpy(stack.ethernet.source, spec.local_overlay_mac.bytes.data(), 6);
  std::array<uint8_t, kVxlanOverhead> bytes;
  std::memcpy(bytes.data(), &stack, sizeof(stack));
  return bytes;
}

}  // namespace

NodeIndex NodeTable::add(const NodeSpec& spec) {
  assert(nodes_.size() < kNoIndex);
  Node node;
  node.adjacency = spec.adjacency;
  const bool vxlan = spec.encapsulation == Encapsulation::kVxlan && spec.address.is_v4() &&
                     spec.local_address.is_v4();
  node.encapsulation = vxlan ? Encapsulation::kVxlan : Encapsulation::kDirect;
  node.mtu = static_cast<uint16_t>(spec.mtu - (vxlan ? kVxlanOverhead : 0));
  if (vxlan) node.vxlan_template = make_template(spec);
  if (spec.address.is_v4())
    insert(known_v4_, spec);
  else
    insert(known_v6_, spec);
  nodes_.push_back(node);
  return NodeIndex{static_cast<uint16_t>(nodes_.size() - 1)};
}

template <class Address>
void NodeTable::insert(KnownNodes<Address>& nodes, const NodeSpec& spec) {
  Known<Address> known{{}, spec.gateway ? PoolNode::kGateway : PoolNode::kPlain};
  std::memcpy(&known.address, spec.address.bytes().data(), sizeof(known.address));
  nodes.insert(std::ranges::upper_bound(nodes, known.address, {}, &Known<Address>::address), known);
}

template <class Address>
PoolNode NodeTable::find(const KnownNodes<Address>& nodes, const void* address) {
  Address raw;
  std::memcpy(&raw, address, sizeof(raw));
  const auto found = std::ranges::lower_bound(nodes, raw, {}, &Known<Address>::address);
  return found != nodes.end() && found->address == raw ? found->node : PoolNode::kStranger;
}

PoolNode NodeTable::find_v4(const void* address) const {
  return find(known_v4_, address);
}

PoolNode NodeTable::find_v6(const void* address) const {
  return find(known_v6_, address);
}

}  // namespace raven::dataplane
