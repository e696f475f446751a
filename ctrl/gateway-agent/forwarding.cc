// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/forwarding.h"

#include <fmt/format.h>

namespace raven::gateway_agent {

Verdict judge(const dpapi::v1::StatusReply& status) {
  if (status.workers().empty()) return {false, "the dataplane has no workers"};
  for (const auto& worker : status.workers())
    if (!worker.alive()) return {false, fmt::format("worker {} does not move", worker.id())};
  if (status.ports().empty()) return {false, "the dataplane has no ports"};
  for (const auto& port : status.ports())
    if (!port.link_up()) return {false, fmt::format("port {} has no link", port.name())};
  if (status.generation() == 0) return {false, "the dataplane has no desired state yet"};
  if (!status.forwarding()) return {false, "no tunnel is up"};
  return {true, ""};
}

void Forwarding::set(Verdict verdict, Instant now) {
  const std::lock_guard lock{mutex_};
  verdict_ = std::move(verdict);
  set_at_ = now;
}

Verdict Forwarding::get(Instant now) const {
  const std::lock_guard lock{mutex_};
  if (now - set_at_ > kFreshness) return {false, "the dataplane does not answer"};
  return verdict_;
}

}  // namespace raven::gateway_agent
