// SPDX-License-Identifier: Apache-2.0
#include "common/model/projector.h"

#include <algorithm>

namespace raven::model {

std::shared_ptr<const Network> Projector::project(const kube::Snapshot& gateways) {
  if (!view_.refresh(gateways)) return network_;
  std::vector<const Gateway*> parsed;
  for (const auto& [key, gateway] : view_.all()) parsed.push_back(&gateway);
  Network network = project_network(std::move(parsed), self_, options_);
  for (const auto& [key, reason] : view_.unreadable())
    network.problems.push_back({key, {"metadata", reason}});
  std::ranges::sort(network.problems);
  network_ = std::make_shared<const Network>(std::move(network));
  return network_;
}

}  // namespace raven::model
