// The desired state of the previous run, so that a dataplane that crashed forwards before its agent
// has noticed.
// SPDX-License-Identifier: Apache-2.0
//
// A file in state_dir, replaced in one step; what is not whole is refused.  It holds no secret.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/dpapi/dataplane.pb.h"

namespace raven::dataplane {

Status save_desired(const std::string& path, const dpapi::v1::DesiredState& state);

// kNotFound: there is none; kInvalid: it is not whole.
Result<dpapi::v1::DesiredState> load_desired(const std::string& path);

}  // namespace raven::dataplane
