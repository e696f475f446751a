// Address: an IP address of an interface.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "common/base/ip.h"

namespace raven::netlink {

// As in rtnetlink(7): how far the address is valid.
enum class AddressScope : uint8_t { kGlobal = 0, kLink = 253, kHost = 254 };

struct Address {
  uint32_t link = 0;  // interface index
  IpAddress address;
  unsigned prefix_length = 0;
  AddressScope scope = AddressScope::kGlobal;

  struct Key {
    uint32_t link;
    IpAddress address;
    unsigned prefix_length;
    auto operator<=>(const Key&) const = default;
  };
  Key key() const { return {link, address, prefix_length}; }
  bool operator==(const Address&) const = default;
  std::string text() const;  // "240.1.2.3/8 dev 7"
};

}  // namespace raven::netlink
