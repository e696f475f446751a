// RingPorts: two ports made of rings, LAN and WAN, with a queue pair for each worker.
// SPDX-License-Identifier: Apache-2.0
//
// Rings and ports live until the process ends (DPDK's ring ports keep pointers to them).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/result.h"

struct rte_ring;

namespace raven::perf {

class RingPorts {
 public:
  // Names of the ports for DPDK.
  static constexpr const char* kLanDevice = "net_ring_lan";
  static constexpr const char* kWanDevice = "net_ring_wan";

  struct Queue {
    rte_ring* receive = nullptr;   // the gateway receives from it
    rte_ring* transmit = nullptr;  // the gateway sends into it
  };
  struct Port {
    uint16_t id = 0;
    std::vector<Queue> queues;
  };

  // Makes both ports, not configured.  REQUIRES: the EAL is up.
  static Result<std::unique_ptr<RingPorts>> create(unsigned queues);

  const Port& lan() const { return lan_; }
  const Port& wan() const { return wan_; }

 private:
  RingPorts() = default;
  Port lan_, wan_;
};

}  // namespace raven::perf
