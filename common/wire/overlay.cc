// SPDX-License-Identifier: Apache-2.0
#include "common/wire/overlay.h"

#include <algorithm>

#include "common/wire/raven.h"

namespace raven {
namespace {

std::array<uint8_t, 4> overlay_bytes(const IpAddress& node) {
  std::array<uint8_t, 4> bytes{kOverlayNetwork};
  std::ranges::copy(node.bytes().last(3), bytes.begin() + 1);
  return bytes;
}

}  // namespace

IpAddress overlay_address(const IpAddress& node) {
  return IpAddress::v4_bytes(overlay_bytes(node).data());
}

IpAddress overlay_link_local(const IpAddress& node) {
  std::array<uint8_t, 16> bytes{0xfe, 0x80};
  std::ranges::copy(overlay_bytes(node), bytes.end() - 4);
  return IpAddress::v6_bytes(bytes.data());
}

IpAddress overlay_hop(const IpAddress& node, IpFamily family) {
  return family == IpFamily::kV4 ? overlay_address(node) : overlay_link_local(node);
}

MacAddress overlay_mac(const IpAddress& node) {
  MacAddress mac{{kOverlayMacPrefix[0], kOverlayMacPrefix[1]}};
  std::ranges::copy(overlay_bytes(node), mac.bytes.begin() + 2);
  return mac;
}

}  // namespace raven
