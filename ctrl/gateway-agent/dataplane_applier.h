// DataplaneApplier: keeps the dataplane at the desired state and watches its status.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread; step() blocks on the dataplane for as long as the client's deadline.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/dpapi/client.h"
#include "ctrl/gateway-agent/metrics.h"

namespace raven::gateway_agent {

// The calls that are made; a seam for tests.
class DataplaneCalls {
 public:
  virtual ~DataplaneCalls() = default;
  virtual Result<dpapi::v1::StatusReply> status() = 0;
  virtual Result<dpapi::v1::ApplyResult> apply(const dpapi::v1::DesiredState& state) = 0;
};

class DataplaneSocket : public DataplaneCalls {
 public:
  explicit DataplaneSocket(const std::string& path) : client_{path} {}
  Result<dpapi::v1::StatusReply> status() override { return client_.status(); }
  Result<dpapi::v1::ApplyResult> apply(const dpapi::v1::DesiredState& state) override {
    return client_.apply(state);
  }

 private:
  dpapi::DataplaneClient client_;
};

class DataplaneApplier {
 public:
  DataplaneApplier(DataplaneCalls& calls, MetricTable& metrics)
      : calls_{calls}, metrics_{metrics} {}

  void set_desired(dpapi::v1::DesiredState state) { desired_ = std::move(state); }

  // Asks for the status, and applies the desired state when the dataplane does not have it: after
  // a change, after its restart, or when another client gave it another one.
  Result<dpapi::v1::StatusReply> step();

 private:
  bool has_desired(const dpapi::v1::StatusReply& status) const;
  Status apply(dpapi::v1::StatusReply& status);

  DataplaneCalls& calls_;
  MetricTable& metrics_;
  std::optional<dpapi::v1::DesiredState> desired_;
  std::string applied_;  // what the dataplane took, serialised, without generation
  uint64_t applied_epoch_ = 0;
  uint64_t generation_ = 0;
};

}  // namespace raven::gateway_agent
