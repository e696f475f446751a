// Kubeconfigs, as kubectl uses them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/kube/api_access.h"

namespace raven::kube {

// The current context of a kubeconfig.  Client certificates and tokens, as files or inline; plugins
// (exec, auth-provider), plain http and skipped verification are refused.
Result<ApiAccess> kubeconfig_access(const std::string& path);

}  // namespace raven::kube
