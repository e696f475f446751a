// Target: what the longest matching prefix says about an address.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

#include "dataplane/packet/ids.h"

namespace raven::dataplane {

enum class TargetKind : uint8_t {
  kNone = 0,        // no prefix matches: not ours
  kDrop = 1,        // known and unusable (sticky prefix of a pool that is gone): fail closed
  kRemotePool = 2,  // index: PoolIndex; only ever leaves through a tunnel
  kLocalNode = 3,   // index: NodeIndex of Topology::nodes
  kKernel = 4,      // this box itself, through raven0
};

struct Target {
  uint16_t index = 0;
  TargetKind kind = TargetKind::kNone;
  uint8_t unused = 0;

  static constexpr Target drop() { return make(TargetKind::kDrop, 0); }
  static constexpr Target remote(PoolIndex pool) {
    return make(TargetKind::kRemotePool, pool.value());
  }
  static constexpr Target node(NodeIndex node) {
    return make(TargetKind::kLocalNode, node.value());
  }
  static constexpr Target kernel() { return make(TargetKind::kKernel, 0); }

  // The local site: the box itself or a node of its pool.
  constexpr bool is_local() const {
    return kind == TargetKind::kLocalNode || kind == TargetKind::kKernel;
  }
  constexpr bool is_remote(PoolIndex pool) const {
    return kind == TargetKind::kRemotePool && index == pool.value();
  }
  constexpr bool operator==(const Target&) const = default;

  // The form that tries store: 24 bits, 0 is "no prefix".  It is the object as it is in memory.
  constexpr uint32_t packed() const { return std::bit_cast<uint32_t>(*this); }
  static constexpr Target unpack(uint32_t value) { return std::bit_cast<Target>(value); }

  static constexpr Target make(TargetKind kind, uint16_t index) { return {index, kind}; }
};
static_assert(sizeof(Target) == 4 && Target::drop().packed() == 1u << 16);

}  // namespace raven::dataplane
