// RoutesApplier: keeps the kernel routes of this box as desired, and knows what plan() needs of the
// kernel.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/netlink/kernel.h"
#include "common/netlink/reconcile.h"
#include "ctrl/gateway-agent/metrics.h"
#include "ctrl/gateway-agent/public_ip.h"
#include "ctrl/gateway-agent/route_plan.h"

namespace raven::gateway_agent {

class RoutesApplier {
 public:
  RoutesApplier(netlink::Kernel kernel, std::string interface, MetricTable& metrics)
      : kernel_{std::move(kernel)}, interface_{std::move(interface)}, metrics_{metrics} {}

  Result<KernelFacts> facts();
  // Unset: the routes are somebody else's, nothing is touched.
  Status apply(const std::optional<netlink::Routing>& desired);
  // Blackholes below the main table's routes; unset: somebody else's.
  Status guard(const std::optional<std::vector<IpPrefix>>& networks);
  // The address that the settings mean; nothing when the interface has none (yet).
  Result<std::optional<IpAddress>> public_address(const PublicIpSource& source);

 private:
  netlink::Kernel kernel_;
  const std::string interface_;
  MetricTable& metrics_;
};

}  // namespace raven::gateway_agent
