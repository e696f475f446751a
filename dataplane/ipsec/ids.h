// Names of things that the packet path and its control threads both speak of.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "common/base/strong_id.h"

namespace raven::dataplane {

using Spi = Id<struct SpiTag, uint32_t>;            // host byte order
using TunnelId = Id<struct TunnelIdTag, uint32_t>;  // 24 bits, see common/dpapi/sa_socket.h
using WorkerId = Id<struct WorkerIdTag, uint16_t>;

}  // namespace raven::dataplane
