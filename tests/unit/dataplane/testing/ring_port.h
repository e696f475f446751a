// RingPort: a Port between two rings, so that a test is the wire.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/port/packet_pool.h"
#include "dataplane/port/port.h"
#include "tests/unit/dataplane/testing/packet_builder.h"

struct rte_ring;

namespace raven::dataplane::test {

// An mbuf of the pool with these bytes.
rte_mbuf* make_packet(PacketPool& pool, const Bytes& bytes);
// Its bytes; frees it.
Bytes take_bytes(rte_mbuf* packet);

class RingPort {
 public:
  // devargs of `settings`: "net_ring_<name>".  One pair of rings per queue.
  RingPort(const PortSettings& settings, PortIndex index, unsigned queues, PacketPool& pool);
  ~RingPort();
  RingPort(const RingPort&) = delete;
  RingPort& operator=(const RingPort&) = delete;

  // What the port sent since the last call, all queues.
  std::vector<Bytes> sent();
  // Puts a frame where the port's queue will find it.
  void deliver(unsigned queue, const Bytes& frame);
  void deliver(unsigned queue, rte_mbuf* packet);

  // Once; it must go before this object.
  std::unique_ptr<Port> take_port() { return std::move(port_); }

 private:
  PacketPool& pool_;
  uint16_t dpdk_id_ = RTE_MAX_ETHPORTS;
  std::vector<rte_ring*> receive_rings_, transmit_rings_;
  std::unique_ptr<Port> port_;
};

}  // namespace raven::dataplane::test
