// SPDX-License-Identifier: Apache-2.0
#include "common/model/block_affinity.h"

namespace raven::model {

Result<BlockAffinity> parse_block_affinity(const kube::Json& object) {
  BlockAffinity affinity;
  affinity.node = kube::text_or(object, {"spec", "node"});
  affinity.cidr = kube::text_or(object, {"spec", "cidr"});
  if (affinity.node.empty() || affinity.cidr.empty())
    return Error{
        ErrorCode::kInvalid, "BlockAffinity " + kube::text_or(object, {"metadata", "name"}) +
                                 ": spec.node or spec.cidr is missing"};
  // Calico writes "deleted" as the text "true" or "false".
  affinity.confirmed = kube::text_or(object, {"spec", "state"}) == "confirmed" &&
                       kube::text_or(object, {"spec", "deleted"}) != "true";
  return affinity;
}

}  // namespace raven::model
