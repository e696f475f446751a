// Ports over rte_ethdev.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/port.h"

#include <fmt/format.h>
#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_errno.h>

#include <algorithm>

#include "dataplane/port/wait_fds.h"

namespace raven::dataplane {
namespace {

constexpr uint16_t kDescriptors = 1024;
constexpr uint64_t kRssTypes = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_ESP;

// af_packet opens one queue pair unless told otherwise.
std::string with_queues(const std::string& devargs, unsigned queues) {
  if (!devargs.starts_with("net_af_packet") || devargs.find("qpairs=") != std::string::npos)
    return devargs;
  return fmt::format("{},qpairs={}", devargs, queues);
}

rte_eth_conf configuration(const rte_eth_dev_info& device, uint16_t mtu, unsigned rx_queues) {
  rte_eth_conf conf{};
  conf.rxmode.mtu = mtu;
  if (rx_queues > 1 && (device.flow_type_rss_offloads & kRssTypes) != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = device.flow_type_rss_offloads & kRssTypes;
  }
  return conf;
}

}  // namespace

Result<std::unique_ptr<Port>> Port::open(
    const PortSettings& settings, PortIndex index, unsigned queues, PacketPool& pool
) {
  std::unique_ptr<Port> port{new Port};
  port->settings_ = settings;
  port->index_ = index;
  port->mtu_ = static_cast<uint16_t>(settings.mtu);
  const std::set<int> sockets_before = packet_sockets();
  Status status = port->attach(queues);
  if (status.ok()) status = port->configure(queues, pool);
  if (!status.ok()) return std::move(status).error().with("port " + settings.name);
  port->wait_fds_ = new_packet_sockets(sockets_before);
  return port;
}

Status Port::attach(unsigned queues) {
  const std::string devargs = with_queues(settings_.devargs, queues);
  const std::string name = devargs.substr(0, devargs.find(','));
  if (rte_eth_dev_get_port_by_name(name.c_str(), &dpdk_id_) == 0) return {};  // made by the caller
  const int result = rte_dev_probe(devargs.c_str());
  if (result != 0) return errno_error(fmt::format("attach '{}'", devargs), -result);
  attached_ = true;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &dpdk_id_) == 0) return {};
  return Error{
      ErrorCode::kNotFound, fmt::format("'{}' is not an Ethernet device of DPDK's", devargs)};
}

Status Port::configure(unsigned queues, PacketPool& pool) {
  rte_eth_dev_info device;
  int result = rte_eth_dev_info_get(dpdk_id_, &device);
  if (result != 0) return errno_error("ask for the device's properties", -result);
  rx_queues_ = std::min<unsigned>(queues, device.max_rx_queues);
  if (device.max_tx_queues < queues) {
    return Error{
        ErrorCode::kInvalid,
        fmt::format(
            "the device has {} transmit queues for {} workers: give it more queues "
            "in its devargs, or lower workers.count",
            device.max_tx_queues, queues
        )};
  }
  const rte_eth_conf conf = configuration(device, mtu_, rx_queues_);
  result = rte_eth_dev_configure(
      dpdk_id_, static_cast<uint16_t>(rx_queues_), static_cast<uint16_t>(queues), &conf
  );
  if (result != 0) return errno_error(fmt::format("configure with MTU {}", mtu_), -result);
  RAVEN_TRY(set_up_queues(queues, pool));
  result = rte_eth_dev_start(dpdk_id_);
  if (result != 0) return errno_error("start the device", -result);
  started_ = true;
  // The kernel behind an owned port must hear groups (ND); not every driver can be told.
  if (!is_shared()) rte_eth_allmulticast_enable(dpdk_id_);
  rte_ether_addr mac;
  result = rte_eth_macaddr_get(dpdk_id_, &mac);
  if (result != 0) return errno_error("read the MAC address", -result);
  std::copy_n(mac.addr_bytes, mac_.bytes.size(), mac_.bytes.begin());
  return {};
}

Status Port::set_up_queues(unsigned queues, PacketPool& pool) {
  uint16_t rx_descriptors = kDescriptors, tx_descriptors = kDescriptors;
  rte_eth_dev_adjust_nb_rx_tx_desc(dpdk_id_, &rx_descriptors, &tx_descriptors);
  for (uint16_t queue = 0; queue < rx_queues_; ++queue) {
    const int result =
        rte_eth_rx_queue_setup(dpdk_id_, queue, rx_descriptors, SOCKET_ID_ANY, nullptr, pool.raw());
    if (result != 0) return errno_error(fmt::format("set up receive queue {}", queue), -result);
  }
  for (uint16_t queue = 0; queue < queues; ++queue) {
    const int result =
        rte_eth_tx_queue_setup(dpdk_id_, queue, tx_descriptors, SOCKET_ID_ANY, nullptr);
    if (result != 0) return errno_error(fmt::format("set up transmit queue {}", queue), -result);
  }
  return {};
}

Port::~Port() {
  if (started_) rte_eth_dev_stop(dpdk_id_);
  if (!attached_ || dpdk_id_ == RTE_MAX_ETHPORTS) return;
  rte_eth_dev_info device;
  const bool known = rte_eth_dev_info_get(dpdk_id_, &device) == 0;
  rte_eth_dev_close(dpdk_id_);
  if (known && device.device != nullptr) rte_dev_remove(device.device);
}

bool Port::link_up() const {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(dpdk_id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

std::optional<uint64_t> Port::missed() const {
  rte_eth_stats stats;
  if (rte_eth_stats_get(dpdk_id_, &stats) != 0) return std::nullopt;
  return stats.imissed + stats.rx_nombuf + stats.ierrors;
}

}  // namespace raven::dataplane
