// Outputs: the state of each output of this agent.  Each fails on its own.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: any thread.
#pragma once

#include <array>
#include <mutex>
#include <string>

#include "common/base/result.h"
#include "common/metrics/http_endpoint.h"
#include "ctrl/gateway-agent/metrics.h"

namespace raven::gateway_agent {

enum class Output : std::size_t { kDataplane, kIke, kRoutes, kHeartbeat };
inline constexpr std::size_t kOutputs = 4;
const char* output_name(Output output);

class Outputs {
 public:
  explicit Outputs(MetricTable& metrics);

  // After each pass of an output.  A new error and the end of one are logged.
  void report(Output output, const Status& status);
  // Healthy once every output has had a pass and none has an error.
  metrics::Health health() const;

 private:
  struct State {
    bool reported = false;
    std::string error;  // empty: as desired
  };
  MetricTable& metrics_;
  mutable std::mutex mutex_;
  std::array<State, kOutputs> states_;  // under mutex_
};

}  // namespace raven::gateway_agent
