// Rule: one policy routing rule, "which packets look into which table, and when".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "common/base/ip.h"

namespace raven::netlink {

struct Rule {
  IpFamily family = IpFamily::kV4;
  uint32_t priority = 0;  // lower is asked first
  uint32_t table = 0;
  uint8_t protocol = 0;  // who made the rule
  uint32_t mark = 0;
  uint32_t mark_mask = 0;  // 0: packets of any mark
  // Selects by something that is not listed here (source, interface, ...), or does not look up.
  bool other_selectors = false;

  // The kernel cannot change a rule: all of it is its key.
  struct Key {
    IpFamily family;
    uint32_t priority, table;
    uint8_t protocol;
    uint32_t mark, mark_mask;
    bool other_selectors;
    auto operator<=>(const Key&) const = default;
  };
  Key key() const { return {family, priority, table, protocol, mark, mark_mask, other_selectors}; }
  bool operator==(const Rule&) const = default;
  std::string text() const;  // "v4 priority 100 table 9027"
};

}  // namespace raven::netlink
