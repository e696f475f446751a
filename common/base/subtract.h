// subtract(): a prefix with holes in it, as prefixes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "common/base/ip.h"

namespace raven {

// What is left of `from` without `holes`, in order and as few prefixes as possible.
std::vector<IpPrefix> subtract(const IpPrefix& from, std::span<const IpPrefix> holes);

}  // namespace raven
