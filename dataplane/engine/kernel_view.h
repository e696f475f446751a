// KernelView: what the kernel says of this box and its nodes, in the tables; and what the kernel
// filter is told in return.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dataplane/decide/desired.h"
#include "dataplane/decide/topology.h"
#include "dataplane/filter/filter_sets.h"
#include "dataplane/mirror/next_hops.h"
#include "dataplane/worker/path_control.h"

namespace raven::dataplane {

class KernelView {
 public:
  KernelView(PathControl& path, NextHops& next_hops, FilterSets& filter)
      : path_{path}, next_hops_{next_hops}, filter_{filter} {}

  // The routes of the next publish() are others than those before, whatever the next hops are.
  void expect_new_routes() { routes_stale_ = true; }
  // Addresses and next hops as they are now; routes too, where one of these changed.
  void publish(const Desired& state, const std::map<std::string, PoolIndex>& pools);

  // nullptr: nobody has said yet what is remote.
  void update_filter(const Desired* state);
  // Why the last update failed; empty: it did not.
  const std::string& filter_problem() const { return filter_problem_; }

 private:
  std::vector<NodeHop> look_up_nodes(const Desired& state);

  PathControl& path_;
  NextHops& next_hops_;
  FilterSets& filter_;
  std::vector<IpAddress> own_addresses_;
  std::vector<NodeHop> node_hops_;
  bool routes_stale_ = true;
  std::string filter_problem_;
};

}  // namespace raven::dataplane
