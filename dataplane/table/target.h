// Target: what the longest matching prefix says about an address.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataplane/table/ids.h"

namespace raven::dataplane {

enum class TargetKind : uint8_t {
  kNone = 0,        // no prefix matches: not ours
  kDrop = 1,        // known and unusable (sticky prefix of a pool that is gone): fail closed
  kRemotePool = 2,  // index: PoolIndex; only ever leaves through a tunnel
  kLocalNode = 3,   // index: NodeIndex of Topology::nodes
  kKernel = 4,      // this box itself, through raven0
};

struct Target {
  TargetKind kind = TargetKind::kNone;
  uint16_t index = 0;

  static constexpr Target drop() { return {TargetKind::kDrop, 0}; }
  static constexpr Target remote(PoolIndex pool) { return {TargetKind::kRemotePool, pool.value()}; }
  static constexpr Target node(NodeIndex node) { return {TargetKind::kLocalNode, node.value()}; }
  static constexpr Target kernel() { return {TargetKind::kKernel, 0}; }

  // The own site: the box itself or a node of its pool.
  constexpr bool is_local() const {
    return kind == TargetKind::kLocalNode || kind == TargetKind::kKernel;
  }
  constexpr bool is_remote(PoolIndex pool) const {
    return kind == TargetKind::kRemotePool && index == pool.value();
  }
  constexpr bool operator==(const Target&) const = default;

  // The form that tries store: 24 bits, 0 is "no prefix".
  constexpr uint32_t packed() const { return static_cast<uint32_t>(kind) << 16 | index; }
  static constexpr Target unpack(uint32_t value) {
    return {static_cast<TargetKind>(value >> 16 & 0xff), static_cast<uint16_t>(value)};
  }
};

}  // namespace raven::dataplane
