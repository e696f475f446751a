// Port: one DPDK Ethernet port with a queue pair per worker.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: created, started and stopped by control; receive()/transmit() of queue q by worker q
// alone; everything else may be read by any thread.
#pragma once

#include <rte_ethdev.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ip.h"
#include "common/base/result.h"
#include "dataplane/packet/ids.h"
#include "dataplane/packet/lane.h"
#include "dataplane/port/packet_pool.h"
#include "dataplane/settings.h"

namespace raven::dataplane {

class Port {
 public:
  // Attaches the device of `settings.devargs` ("net_af_packet0,iface=eth0", "0000:01:00.0"),
  // configures `queues` queue pairs and starts it.  A device with fewer receive queues serves the
  // first workers only.
  static Result<std::unique_ptr<Port>> open(
      const PortSettings& settings, PortIndex index, unsigned queues, PacketPool& pool
  );
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  uint16_t receive(unsigned queue, rte_mbuf** packets, uint16_t count) {
    return queue < rx_queues_
               ? rte_eth_rx_burst(dpdk_id_, static_cast<uint16_t>(queue), packets, count)
               : 0;
  }
  // Returns how many were taken; the rest still belongs to the caller.
  uint16_t transmit(unsigned queue, rte_mbuf** packets, uint16_t count) {
    return rte_eth_tx_burst(dpdk_id_, static_cast<uint16_t>(queue), packets, count);
  }

  PortIndex index() const { return index_; }
  const std::string& name() const { return settings_.name; }
  const PortSettings& settings() const { return settings_; }
  bool is_shared() const { return settings_.mode == PortMode::kShared; }
  bool has_lan_role() const { return settings_.role != PortRole::kWan; }
  const MacAddress& mac() const { return mac_; }
  uint16_t mtu() const { return mtu_; }
  uint16_t dpdk_id() const { return dpdk_id_; }
  bool link_up() const;
  // Not counted by workers: dropped by the device for lack of buffers or of a polling worker.
  std::optional<uint64_t> missed() const;  // nullopt: the device does not report it
  // A descriptor that becomes readable when packets wait on `queue`; -1: the device has none.
  int wait_fd(unsigned queue) const { return queue < wait_fds_.size() ? wait_fds_[queue] : -1; }
  bool serves(unsigned queue) const { return queue < rx_queues_; }

 private:
  Port() = default;
  Status attach(unsigned queues);
  Status configure(unsigned queues, PacketPool& pool);
  Status set_up_queues(unsigned queues, PacketPool& pool);

  PortSettings settings_;
  PortIndex index_;
  uint16_t dpdk_id_ = RTE_MAX_ETHPORTS;
  unsigned rx_queues_ = 0;
  uint16_t mtu_ = 0;
  MacAddress mac_;
  bool attached_ = false;  // by us, so we detach it
  bool started_ = false;
  std::vector<int> wait_fds_;
};

}  // namespace raven::dataplane
