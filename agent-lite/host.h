// Host: the kernel of this node, read and brought to what plan() wants.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread.  converge() is idempotent: when nothing differs it writes nothing.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agent-lite/diff.h"
#include "agent-lite/plan.h"
#include "common/base/result.h"
#include "common/netlink/kernel.h"

namespace raven::agent_lite {

struct Report {
  std::size_t changes = 0;    // operations tried
  std::vector<Error> errors;  // of those, and of reading
};

class Host {
 public:
  explicit Host(netlink::Kernel kernel) : kernel_{std::move(kernel)} {}

  // `node`: the address of this node on its LAN.  lan_link is 0 when no interface has it.
  Result<NodeFacts> facts(const IpAddress& node);

  Report converge(const Desired& desired);

  // Removes raven0 and our neighbours and nothing else: the routes of a node that became a gateway
  // box are taken over by its gateway agent, which needs the name for the dataplane's interface.
  Report release_overlay();

  // Leaves these blackholes below the main table's routes.
  Report guard(const std::vector<IpPrefix>& networks);

  // Removes everything in table 9027 that is tagged as ours, by whichever agent.
  Report clean_up() { return converge(Desired{}); }

  netlink::Kernel& kernel() { return kernel_; }
  // Index of raven0 as of the last converge(); 0: there was none.
  uint32_t overlay_index() const { return overlay_index_; }

 private:
  Result<std::optional<netlink::Link>> find_overlay(const std::optional<netlink::Link>& desired);
  Result<uint32_t> ensure_overlay(const std::optional<netlink::Link>& desired, Report& report);
  Result<std::vector<netlink::Neighbour>> own_neighbours(uint32_t overlay);
  Result<Actual> read_actual(uint32_t overlay);
  void apply(const Changes& changes, uint32_t overlay, Report& report);
  void remove_foreign_routes(uint32_t overlay, Report& report);
  void remove_overlay(Report& report);

  netlink::Kernel kernel_;
  uint32_t overlay_index_ = 0;
};

}  // namespace raven::agent_lite
