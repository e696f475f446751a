// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/dataplane_applier.h"

#include <algorithm>

#include "common/base/log.h"

namespace raven::gateway_agent {

bool DataplaneApplier::has_desired(const dpapi::v1::StatusReply& status) const {
  return status.epoch() == applied_epoch_ && status.generation() == generation_ &&
         desired_->SerializeAsString() == applied_;
}

Status DataplaneApplier::apply(dpapi::v1::StatusReply& status) {
  dpapi::v1::DesiredState state = *desired_;
  generation_ = std::max(generation_, status.generation()) + 1;
  state.set_generation(generation_);
  metrics_.set(Metric::kGenerationDesired, {}, static_cast<double>(generation_));
  RAVEN_ASSIGN(const dpapi::v1::ApplyResult result, calls_.apply(state));
  applied_ = desired_->SerializeAsString();
  applied_epoch_ = status.epoch();
  status.set_generation(result.generation());
  for (const auto& error : result.errors())
    log::warning("dataplane", "leaves out {}: {}", error.item(), error.reason());
  metrics_.set(Metric::kRefusedItems, {}, result.errors_size());
  log::info(
      "dataplane", "has generation {}: {} peers, {} remote pools, {} items refused",
      result.generation(), state.peers_size(), state.remote_pools_size(), result.errors_size()
  );
  return {};
}

Result<dpapi::v1::StatusReply> DataplaneApplier::step() {
  RAVEN_ASSIGN(dpapi::v1::StatusReply status, calls_.status());
  if (desired_ && !has_desired(status)) RAVEN_TRY(apply(status));
  metrics_.set(Metric::kGenerationApplied, {}, static_cast<double>(status.generation()));
  return status;
}

}  // namespace raven::gateway_agent
