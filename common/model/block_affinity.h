// BlockAffinity: which block of pod addresses Calico has given to which node.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/kube/json.h"

namespace raven::model {

struct BlockAffinity {
  std::string node;
  std::string cidr;        // as written
  bool confirmed = false;  // state "confirmed" and not marked deleted
};

// kInvalid without node or cidr.
Result<BlockAffinity> parse_block_affinity(const kube::Json& object);

}  // namespace raven::model
