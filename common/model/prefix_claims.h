// PrefixClaims: which pool owns which prefix; first come, first served.
// SPDX-License-Identifier: Apache-2.0
//
// Pools must be disjoint; within a pool prefixes may nest.  O(log n) for each claim.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/base/ip.h"

namespace raven::model {

class PrefixClaims {
 public:
  struct Claim {
    IpPrefix prefix;
    std::string owner;
  };
  // Grants the prefix to `owner`, or returns the claim of another owner that overlaps it.
  std::optional<Claim> claim(const IpPrefix& prefix, const std::string& owner);

 private:
  // Only the largest of nested prefixes, hence disjoint.  Value: owner.
  std::map<IpPrefix, std::string> outermost_;
};

}  // namespace raven::model
