// SPDX-License-Identifier: Apache-2.0
#include "perf/generator/ring_ports.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ring.h>

namespace raven::perf {
namespace {

constexpr unsigned kRingSize = 16384;

rte_ring* make_ring(const std::string& name) {
  return rte_ring_create(name.c_str(), kRingSize, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

Result<RingPorts::Port> make_port(const char* name, unsigned queues) {
  RingPorts::Port port;
  std::vector<rte_ring*> receive, transmit;
  for (unsigned queue = 0; queue < queues; ++queue) {
    receive.push_back(make_ring(fmt::format("{}_rx{}", name, queue)));
    transmit.push_back(make_ring(fmt::format("{}_tx{}", name, queue)));
    if (receive.back() == nullptr || transmit.back() == nullptr)
      return errno_error(fmt::format("make rings of port {}", name), rte_errno);
    port.queues.push_back({receive.back(), transmit.back()});
  }
  const int id =
      rte_eth_from_rings(name, receive.data(), queues, transmit.data(), queues, SOCKET_ID_ANY);
  if (id < 0) return errno_error(fmt::format("make port {}", name), rte_errno);
  port.id = static_cast<uint16_t>(id);
  return port;
}

}  // namespace

Result<std::unique_ptr<RingPorts>> RingPorts::create(unsigned queues) {
  std::unique_ptr<RingPorts> ports{new RingPorts};
  RAVEN_ASSIGN(ports->lan_, make_port("lan", queues));
  RAVEN_ASSIGN(ports->wan_, make_port("wan", queues));
  return ports;
}

}  // namespace raven::perf
