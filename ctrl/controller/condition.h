// Condition: why a Gateway is as it is, for people.  Raven's CRD has no place for conditions in
// status (unknown fields are pruned), so they travel as JSON in an annotation.
// SPDX-License-Identifier: Apache-2.0
//
// They hold nothing that changes by itself (no times, no ages): equal situations give equal text,
// and nothing is written again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace raven::controller {

inline constexpr std::string_view kConditionsAnnotation = "raven.openyurt.io/conditions";

struct Condition {
  std::string type;  // TunnelElected, ProxyElected, SubnetsRouted, SpecValid
  bool ok = true;
  std::string reason;   // one CamelCase word
  std::string message;  // one line, bounded
  bool operator==(const Condition&) const = default;
};

using Conditions = std::vector<Condition>;

std::string conditions_text(const Conditions& conditions);
// What conditions_text() made; anything else gives none.
Conditions parse_conditions(std::string_view text);

// "a; b; and 3 more": joins, and cuts what would be too long to read.
std::string join_bounded(const std::vector<std::string>& parts);

}  // namespace raven::controller
