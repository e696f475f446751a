// SPDX-License-Identifier: Apache-2.0
#include "perf/secgw/dpdk_seam.h"

#include <rte_eal.h>
#include <rte_ethdev.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "perf/secgw/config.h"

extern "C" {
int __real_rte_eal_init(int argc, char** argv);
int __real_rte_eth_dev_info_get(uint16_t port, rte_eth_dev_info* info);
int __real_rte_eth_dev_configure(
    uint16_t port, uint16_t rx_queues, uint16_t tx_queues, const rte_eth_conf* conf
);
int __real_rte_eth_rx_queue_setup(
    uint16_t port, uint16_t queue, uint16_t descriptors, unsigned socket,
    const rte_eth_rxconf* conf, rte_mempool* pool
);
int __real_rte_eth_tx_queue_setup(
    uint16_t port, uint16_t queue, uint16_t descriptors, unsigned socket, const rte_eth_txconf* conf
);
int __real_rte_eth_dev_start(uint16_t port);
}

namespace raven::perf {
namespace {

rte_mempool* gateway_pool = nullptr;

[[noreturn]] void fail(const Error& error) {
  std::fprintf(stderr, "ipsec_secgw_bench: %s\n", error.message.c_str());
  std::_Exit(69);
}

void make_ports() {
  SecgwBench& bench = secgw_bench();
  auto ports = RingPorts::create(1);
  if (!ports.ok()) fail(ports.error());
  bench.ports = std::move(ports).value();
  auto feeder = Feeder::create(*bench.ports, bench.tunnels, bench.work, 0, 0);
  if (!feeder.ok()) fail(feeder.error());
  bench.feeder = std::move(feeder).value();
}

// As a NIC would write it into the mbuf; all packets of a measurement are of one kind.
uint16_t set_packet_type(uint16_t, uint16_t, rte_mbuf** packets, uint16_t count, uint16_t, void*) {
  const SecgwBench& bench = secgw_bench();
  const uint32_t type =
      static_cast<uint32_t>(bench.tunnels.ipv6 ? RTE_PTYPE_L3_IPV6 : RTE_PTYPE_L3_IPV4) |
      static_cast<uint32_t>(bench.work == Work::kEncrypt ? RTE_PTYPE_L4_UDP : RTE_PTYPE_TUNNEL_ESP);
  for (uint16_t i = 0; i < count; ++i) packets[i]->packet_type = type;
  return count;
}

void start_feeder() {
  SecgwBench& bench = secgw_bench();
  bench.session = std::make_unique<Session>(*bench.feeder, [] {
    std::cout.flush();
    std::_Exit(0);
  });
  const Status attached = bench.feeder->attach(gateway_pool, kPacketBuffers / 2, [&bench] {
    bench.session->on_idle();
  });
  if (!attached.ok()) fail(attached.error());
  if (rte_eth_add_rx_callback(bench.feeder->source_port(), 0, set_packet_type, nullptr) == nullptr)
    fail(Error{ErrorCode::kInternal, "no room for a receive callback"});
}

}  // namespace

SecgwBench& secgw_bench() {
  static SecgwBench bench;
  return bench;
}

}  // namespace raven::perf

using namespace raven::perf;

extern "C" {

int __wrap_rte_eal_init(int argc, char** argv) {
  const int used = __real_rte_eal_init(argc, argv);
  if (used >= 0) make_ports();
  return used;
}

int __wrap_rte_eth_dev_info_get(uint16_t port, rte_eth_dev_info* info) {
  const int failed = __real_rte_eth_dev_info_get(port, info);
  info->rx_offload_capa |= RTE_ETH_RX_OFFLOAD_CHECKSUM;
  info->tx_offload_capa |= RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
  return failed;
}

int __wrap_rte_eth_dev_get_supported_ptypes(uint16_t, uint32_t mask, uint32_t* types, int room) {
  constexpr uint32_t kTypes[] = {
      RTE_PTYPE_L3_IPV4, RTE_PTYPE_L3_IPV6, RTE_PTYPE_L4_UDP, RTE_PTYPE_TUNNEL_ESP};
  int count = 0;
  for (const uint32_t type : kTypes) {
    if ((type & mask) == 0) continue;
    if (count < room) types[count] = type;
    ++count;
  }
  return count;
}

int __wrap_rte_eth_dev_configure(
    uint16_t port, uint16_t rx_queues, uint16_t tx_queues, const rte_eth_conf* conf
) {
  rte_eth_conf plain = *conf;
  plain.rxmode = {};
  plain.txmode = {};
  return __real_rte_eth_dev_configure(port, rx_queues, tx_queues, &plain);
}

int __wrap_rte_eth_rx_queue_setup(
    uint16_t port, uint16_t queue, uint16_t descriptors, unsigned socket,
    const rte_eth_rxconf* conf, rte_mempool* pool
) {
  rte_eth_rxconf plain = *conf;
  plain.offloads = 0;
  gateway_pool = pool;
  return __real_rte_eth_rx_queue_setup(port, queue, descriptors, socket, &plain, pool);
}

int __wrap_rte_eth_tx_queue_setup(
    uint16_t port, uint16_t queue, uint16_t descriptors, unsigned socket, const rte_eth_txconf* conf
) {
  rte_eth_txconf plain = *conf;
  plain.offloads = 0;
  return __real_rte_eth_tx_queue_setup(port, queue, descriptors, socket, &plain);
}

int __wrap_rte_eth_dev_start(uint16_t port) {
  const int failed = __real_rte_eth_dev_start(port);
  if (failed == 0 && port == kUnprotectedPort) start_feeder();
  return failed;
}

}  // extern "C"
