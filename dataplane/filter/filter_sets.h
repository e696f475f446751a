// FilterSets: what the engine tells the kernel filter.  The seam that lets it be tested without a
// kernel; PortFilter implements it.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include <vector>

#include "common/base/ip.h"
#include "common/base/result.h"

namespace raven::dataplane {

class FilterSets {
 public:
  virtual ~FilterSets() = default;

  // Bring the sets of all shared ports in step; nothing happens when nothing changed.  Without
  // `remote`, while it is not known: what a previous run dropped stays dropped.  `open`: what of
  // `remote` may pass in clear.
  virtual Status update(const std::vector<IpAddress>& own) = 0;
  virtual Status update(
      const std::vector<IpAddress>& own, const std::vector<IpPrefix>& remote,
      const std::vector<IpPrefix>& open
  ) = 0;
};

}  // namespace raven::dataplane
