// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/plan.h"

#include <algorithm>
#include <tuple>

#include "common/model/blocked.h"
#include "ctrl/gateway-agent/dataplane_plan.h"

namespace raven::gateway_agent {

Desired plan(const model::Network& network, const Facts& facts, const Settings& settings) {
  Desired desired;
  for (const model::PoolProblem& found : network.problems)
    desired.problems.push_back(
        {"gateway " + found.pool + " " + found.problem.where, found.problem.reason}
    );
  const std::vector<Peer> peers = find_peers(network, desired.problems);
  desired.dataplane = plan_dataplane(network, facts.remote, peers, settings.node_encapsulation);
  desired.ike = plan_ike(peers, std::clamp(facts.workers, 1u, kChildrenMax), settings.ike);
  if (network.role == model::Role::kGateway && settings.routes.enabled) {
    desired.routes = plan_routes(network, facts.remote, facts.kernel, settings.routes.mtu);
    desired.guarded = model::blocked_networks(settings.cluster_cidrs, network);
  }
  std::ranges::sort(desired.problems, {}, [](const PlanProblem& problem) {
    return std::tie(problem.item, problem.reason);
  });
  return desired;
}

}  // namespace raven::gateway_agent
