// SPDX-License-Identifier: Apache-2.0
#include "common/base/subtract.h"

#include <algorithm>
#include <array>

namespace raven {
namespace {

// The second half of `prefix`.  REQUIRES: it is no host prefix.
IpPrefix upper_half(const IpPrefix& prefix) {
  std::array<uint8_t, 16> bytes{};
  std::ranges::copy(prefix.address().bytes(), bytes.begin());
  bytes[prefix.length() / 8] |= static_cast<uint8_t>(0x80u >> prefix.length() % 8);
  const IpAddress address = prefix.address().is_v4() ? IpAddress::v4_bytes(bytes.data())
                                                     : IpAddress::v6_bytes(bytes.data());
  return IpPrefix::masked(address, prefix.length() + 1);
}

void subtract_into(
    const IpPrefix& from, std::span<const IpPrefix> holes, std::vector<IpPrefix>& rest
) {
  std::vector<IpPrefix> inside;
  for (const IpPrefix& hole : holes) {
    if (hole.contains(from)) return;
    if (from.contains(hole)) inside.push_back(hole);
  }
  if (inside.empty()) return rest.push_back(from);
  subtract_into(IpPrefix::masked(from.address(), from.length() + 1), inside, rest);
  subtract_into(upper_half(from), inside, rest);
}

}  // namespace

std::vector<IpPrefix> subtract(const IpPrefix& from, std::span<const IpPrefix> holes) {
  std::vector<IpPrefix> rest;
  subtract_into(from, holes, rest);
  return rest;
}

}  // namespace raven
