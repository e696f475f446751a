// Manifests: YAML or JSON text of one or many documents, as kubectl reads it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/kube/json.h"

namespace raven::kube {

// The documents that hold something, in order; each is one JSON value.  Plain YAML scalars are
// typed as YAML 1.2 does (true, false, null, decimal numbers), quoted ones are text.  `file` is for
// messages, which say line and column.
Result<std::vector<Json>> parse_manifests(const std::string& file, std::string_view text);

}  // namespace raven::kube
