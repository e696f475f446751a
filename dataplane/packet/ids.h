// The index types of the packet path: small integers that name a row of a table and do not mix.
// WorkerId is in dataplane/ipsec/ids.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "common/base/strong_id.h"
#include "dataplane/ipsec/ids.h"

namespace raven::dataplane {

using PortIndex = Id<struct PortTag, uint16_t>;
using PeerIndex = Id<struct PeerTag, uint16_t>;            // a gateway box of another pool
using PoolIndex = Id<struct PoolTag, uint16_t>;            // another pool
using NodeIndex = Id<struct NodeTag, uint16_t>;            // another node of the local pool
using AdjacencyIndex = Id<struct AdjacencyTag, uint16_t>;  // a next hop on a port

inline constexpr uint16_t kNoIndex = 0xffff;
inline constexpr WorkerId kNoWorker{kNoIndex};
inline constexpr PeerIndex kNoPeer{kNoIndex};
inline constexpr PoolIndex kNoPool{kNoIndex};
inline constexpr AdjacencyIndex kNoAdjacency{kNoIndex};

inline constexpr unsigned kWorkersMax = 32;
inline constexpr unsigned kPortsMax = 8;

}  // namespace raven::dataplane
