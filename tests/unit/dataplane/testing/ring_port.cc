// Ports over net_ring.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/testing/ring_port.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rte_eth_ring.h>
#include <rte_ring.h>

#include <algorithm>

#include "dataplane/packet/mbuf.h"

namespace raven::dataplane::test {

rte_mbuf* make_packet(PacketPool& pool, const Bytes& bytes) {
  rte_mbuf* packet = pool.take();
  set_size(packet, static_cast<uint32_t>(bytes.size()));
  std::copy(bytes.begin(), bytes.end(), bytes_of(packet));
  return packet;
}

Bytes take_bytes(rte_mbuf* packet) {
  Bytes bytes(bytes_of(packet), bytes_of(packet) + packet->data_len);
  rte_pktmbuf_free(packet);
  return bytes;
}

RingPort::RingPort(const PortSettings& settings, PortIndex index, unsigned queues, PacketPool& pool)
    : pool_{pool} {
  // Rings stay behind a port; each gets a name of its own.
  static unsigned number = 0;
  const std::string name = fmt::format("{}{}", settings.name, number++);
  for (unsigned queue = 0; queue < queues; ++queue) {
    const std::string ring = fmt::format("{}_{}", name, queue);
    receive_rings_.push_back(rte_ring_create(("rx" + ring).c_str(), 1024, SOCKET_ID_ANY, 0));
    transmit_rings_.push_back(rte_ring_create(("tx" + ring).c_str(), 1024, SOCKET_ID_ANY, 0));
  }
  const int id = rte_eth_from_rings(
      name.c_str(), receive_rings_.data(), queues, transmit_rings_.data(), queues, SOCKET_ID_ANY
  );
  EXPECT_GE(id, 0);
  PortSettings adopted = settings;
  adopted.devargs = "net_ring_" + name;
  Result<std::unique_ptr<Port>> port = Port::open(adopted, index, queues, pool);
  EXPECT_TRUE(port.ok()) << port.error().message;
  port_ = std::move(port).value();
  dpdk_id_ = port_->dpdk_id();
}

RingPort::~RingPort() {
  rte_eth_dev_close(dpdk_id_);
  for (const std::vector<rte_ring*>& rings : {receive_rings_, transmit_rings_}) {
    for (rte_ring* ring : rings) {
      void* packet;
      while (rte_ring_dequeue(ring, &packet) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
      rte_ring_free(ring);
    }
  }
}

std::vector<Bytes> RingPort::sent() {
  std::vector<Bytes> frames;
  for (rte_ring* ring : transmit_rings_) {
    void* packet;
    while (rte_ring_dequeue(ring, &packet) == 0)
      frames.push_back(take_bytes(static_cast<rte_mbuf*>(packet)));
  }
  return frames;
}

void RingPort::deliver(unsigned queue, const Bytes& frame) {
  deliver(queue, make_packet(pool_, frame));
}

void RingPort::deliver(unsigned queue, rte_mbuf* packet) {
  ASSERT_EQ(rte_ring_enqueue(receive_rings_[queue], packet), 0);
}

}  // namespace raven::dataplane::test
