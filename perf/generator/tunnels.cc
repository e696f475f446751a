// SPDX-License-Identifier: Apache-2.0
#include "perf/generator/tunnels.h"

#include <array>

#include "common/wire/overlay.h"
#include "common/wire/raven.h"

namespace raven::perf {
namespace {

using dataplane::Direction;
using dataplane::SaConfig;

// On the LAN.
constexpr uint32_t kVxlanNode = 0x0a010202;
constexpr uint32_t kVxlanGateway = 0x0a010201;

constexpr uint32_t kSpiToGateway = 0x10001;
constexpr uint32_t kSpiFromGateway = 0x20001;

// 2001:db8:GROUP::NUMBER
IpAddress outer_v6(uint8_t group, unsigned number) {
  std::array<uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8, 0, group};
  bytes[14] = static_cast<uint8_t>(number >> 8);
  bytes[15] = static_cast<uint8_t>(number);
  return IpAddress::v6_bytes(bytes.data());
}

// fd00:SITE:NETWORK::HOST
IpAddress inner_v6(uint8_t site, unsigned network, uint8_t host) {
  std::array<uint8_t, 16> bytes{0xfd, 0x00, 0, site};
  bytes[4] = static_cast<uint8_t>(network >> 8);
  bytes[5] = static_cast<uint8_t>(network);
  bytes[15] = host;
  return IpAddress::v6_bytes(bytes.data());
}

Secret key_bytes(unsigned sa, std::size_t size, unsigned first) {
  Secret key{size};
  for (std::size_t k = 0; k < size; ++k)
    key.expose_writable()[k] = static_cast<uint8_t>(sa * 31 + (first + k) * 7 + 1);
  return key;
}

MacAddress mac(uint8_t last) {
  return {{0x02, 0, 0, 0, 0, last}};
}

}  // namespace

SaConfig Tunnels::sa(unsigned i, unsigned worker, Side side, Direction direction) const {
  const unsigned number = i * workers + worker;
  const bool to_gateway = (side == Side::kGateway) == (direction == Direction::kInbound);
  const dataplane::Suite& suite = dataplane::suite_of(algorithm);
  SaConfig config;
  config.spi = dataplane::Spi{(to_gateway ? kSpiToGateway : kSpiFromGateway) + number};
  config.direction = direction;
  config.tunnel_id = dataplane::TunnelId{i + 1};
  config.outer.source = to_gateway ? peer(i) : gateway();
  config.outer.destination = to_gateway ? gateway() : peer(i);
  if (udp_encapsulated) config.outer.source_port = config.outer.destination_port = kTunnelPort;
  config.algorithm = algorithm;
  config.key = key_bytes(number, suite.keying_size(), 0);
  config.integrity_key = key_bytes(number, suite.integrity_key_size, 64);
  config.esn = false;  // as the peers in the comparison
  return config;
}

IpAddress Tunnels::gateway() const {
  return ipv6 ? outer_v6(0, 1) : IpAddress::v4(0xc6120001);
}

IpAddress Tunnels::peer(unsigned i) const {
  return ipv6 ? outer_v6(1, 1 + i) : IpAddress::v4(0xc6130001 + i);
}

IpAddress Tunnels::remote_pod(unsigned i) const {
  return ipv6 ? inner_v6(2, i, 5) : IpAddress::v4((10u << 24 | 64u << 16 | 5u) + (i << 8));
}

IpPrefix Tunnels::remote_prefix(unsigned i) const {
  return IpPrefix::masked(remote_pod(i), ipv6 ? 64 : 24);
}

IpAddress Tunnels::local_pod() const {
  if (ipv6) return inner_v6(1, 3, 7);
  return IpAddress::v4(vxlan ? 0x0a010207 : 0x0a010307);
}

IpPrefix Tunnels::local_prefix() const {
  return IpPrefix::masked(local_pod(), ipv6 ? 64 : 24);
}

IpAddress Tunnels::node() const {
  return IpAddress::v4(vxlan ? kVxlanNode : 0x0a010302);
}

IpAddress Tunnels::gateway_lan() const {
  return IpAddress::v4(vxlan ? kVxlanGateway : 0x0a010301);
}

MacAddress Tunnels::gateway_mac() {
  return {};
}
MacAddress Tunnels::node_mac() {
  return mac(0x11);
}
MacAddress Tunnels::router_mac() {
  return mac(0x21);
}
MacAddress Tunnels::node_overlay_mac() {
  return overlay_mac(IpAddress::v4(kVxlanNode));
}
MacAddress Tunnels::gateway_overlay_mac() {
  return overlay_mac(IpAddress::v4(kVxlanGateway));
}

}  // namespace raven::perf
