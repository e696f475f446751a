// NextHops: what the engine asks of the mirror.  The seam that lets it be tested without a kernel;
// Mirror implements it.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include <functional>
#include <set>
#include <vector>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "dataplane/mirror/next_hop.h"

namespace raven::dataplane {

class NextHops {
 public:
  virtual ~NextHops() = default;

  // `changed` is called after addresses or next hops changed; null: nobody wants to know.
  virtual void on_change(std::function<void()> changed) = 0;

  // The slot of a destination, from now on kept up to date.  Errors: the table is full.
  virtual Result<AdjacencyIndex> want(const IpAddress& destination) = 0;
  // REQUIRES: the packet path does not point at the slots of any other destination any more.
  virtual void keep_only(const std::set<IpAddress>& destinations) = 0;

  // nullptr: not wanted.
  virtual const NextHop* next_hop(const IpAddress& destination) const = 0;
  // Addresses of the box itself, on all interfaces, loopback left out.
  virtual std::vector<IpAddress> own_addresses() const = 0;
};

}  // namespace raven::dataplane
