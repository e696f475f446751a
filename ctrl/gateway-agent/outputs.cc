// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/outputs.h"

#include "common/base/log.h"

namespace raven::gateway_agent {

const char* output_name(Output output) {
  switch (output) {
    case Output::kDataplane:
      return "dataplane";
    case Output::kIke:
      return "ike";
    case Output::kRoutes:
      return "routes";
    case Output::kHeartbeat:
      return "heartbeat";
  }
  return "?";
}

Outputs::Outputs(MetricTable& metrics) : metrics_{metrics} {
  for (std::size_t i = 0; i < kOutputs; ++i) {
    const char* name = output_name(static_cast<Output>(i));
    metrics_.set(Metric::kOutputOk, {name}, 0);
    metrics_.add(Metric::kOutputErrors, {name}, 0);
  }
}

void Outputs::report(Output output, const Status& status) {
  const char* name = output_name(output);
  const std::string error = status.ok() ? "" : status.error().message;
  metrics_.set(Metric::kOutputOk, {name}, status.ok() ? 1 : 0);
  if (!status.ok()) metrics_.add(Metric::kOutputErrors, {name});
  const std::lock_guard lock{mutex_};
  State& state = states_[static_cast<std::size_t>(output)];
  if (!state.reported || state.error != error) {
    if (status.ok())
      log::info(name, "is as desired");
    else
      log::warning(name, "{}", error);
  }
  state = {true, error};
}

metrics::Health Outputs::health() const {
  const std::lock_guard lock{mutex_};
  for (std::size_t i = 0; i < kOutputs; ++i) {
    const std::string name = output_name(static_cast<Output>(i));
    if (!states_[i].reported) return {false, name + ": not done yet"};
    if (!states_[i].error.empty()) return {false, name + ": " + states_[i].error};
  }
  return {true, "dataplane, ike, routes and heartbeat are as desired"};
}

}  // namespace raven::gateway_agent
