// next_stage: where a routed packet that fits its path goes on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/stage/context.h"

namespace raven::dataplane::stage {

inline Stage next_stage(const Context& context, Target target) {
  if (target.kind == TargetKind::kRemotePool) return Stage::kEspOut;
  if (target.kind == TargetKind::kKernel) return Stage::kRaven0;
  const Node& node = context.topology->nodes[NodeIndex{target.index}];
  return node.encapsulation == Encapsulation::kVxlan ? Stage::kVxlanOut : Stage::kNeighbour;
}

}  // namespace raven::dataplane::stage
