// Traffic: what the SAs of each tunnel carried, those that are gone included, so that it only grows
// however often keys change.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "dataplane/ipsec/sa_config.h"

namespace raven::dataplane {

struct Traffic {
  uint64_t packets = 0, bytes = 0;

  Traffic& operator+=(const Traffic& other) {
    packets += other.packets;
    bytes += other.bytes;
    return *this;
  }
  // REQUIRES: `earlier` was counted by the same SA before.
  Traffic since(const Traffic& earlier) const {
    return {packets - earlier.packets, bytes - earlier.bytes};
  }
  bool operator==(const Traffic&) const = default;
};

using TunnelDirection = std::pair<TunnelId, Direction>;
using TrafficByTunnel = std::map<TunnelDirection, Traffic>;

}  // namespace raven::dataplane
