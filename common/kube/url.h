// Paths of the Kubernetes API.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/kube/object.h"

namespace raven::kube {

// Everything but letters, digits and "-._~" as %XX.
std::string url_escape(std::string_view text);

// "/apis/raven.openyurt.io/v1beta1/gateways", "/api/v1/namespaces/x/secrets"; an empty namespace
// means all of them.
std::string collection_path(const Kind& kind, std::string_view name_space);
std::string object_path(const Kind& kind, const ObjectName& name);

}  // namespace raven::kube
