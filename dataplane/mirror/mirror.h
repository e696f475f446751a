// Mirror: keeps the packet path's neighbours in step with the kernel's.
// SPDX-License-Identifier: Apache-2.0
//
// Routes, addresses, ARP and ND are left to the kernel.  For each destination that the packet
// path sends to, this asks the kernel for the route, copies the neighbour's MAC address, and asks
// the kernel to resolve or confirm it.  Needs no agent.  After lost messages (ENOBUFS), and from
// time to time, everything is read again.
// Threading: the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/event/loop.h"
#include "common/netlink/kernel.h"
#include "common/netlink/monitor.h"
#include "dataplane/mirror/next_hops.h"

namespace raven::dataplane {

// Where the mirror writes: slots of the adjacency table.
class AdjacencySlots {
 public:
  virtual ~AdjacencySlots() = default;
  virtual Result<AdjacencyIndex> take() = 0;
  virtual void give_back(AdjacencyIndex index) = 0;
  virtual void write(AdjacencyIndex index, const NextHop& hop) = 0;
  // Workers had packets for this slot while it was not resolved.
  virtual bool take_wanted(AdjacencyIndex index) = 0;
};

class Mirror : public NextHops {
 public:
  static Result<std::unique_ptr<Mirror>> start(
      event::Loop& loop, std::vector<KernelPort> ports, AdjacencySlots& slots
  );
  ~Mirror() override;
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  void on_change(std::function<void()> changed) override { changed_ = std::move(changed); }
  Result<AdjacencyIndex> want(const IpAddress& destination) override;
  void keep_only(const std::set<IpAddress>& destinations) override;
  const NextHop* next_hop(const IpAddress& destination) const override;
  std::vector<IpAddress> own_addresses() const override;
  std::vector<std::string> addresses_of(PortIndex port) const;

  struct Counters {
    uint64_t resyncs = 0;  // full reads of the kernel's tables
    uint64_t losses = 0;   // of them, after lost messages
    uint64_t probes = 0;   // neighbours that we asked the kernel to resolve or confirm
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Destination {
    AdjacencyIndex index;
    NextHop hop;
    std::optional<Instant> probed_at;
  };

  Mirror(
      event::Loop& loop, std::vector<KernelPort> ports, AdjacencySlots& slots,
      netlink::Kernel kernel, netlink::Monitor monitor, netlink::Socket prober
  );
  void read_monitor();
  void resync();
  bool read_links();
  bool read_addresses();
  bool read_neighbours();  // false: they could not be read
  bool refresh(const IpAddress& address, Destination& destination);
  void probe_if_needed(Destination& destination, bool now);
  void look_for_wanted();

  event::Loop& loop_;
  std::vector<KernelPort> ports_;
  AdjacencySlots& slots_;
  std::function<void()> changed_;
  netlink::Kernel kernel_;
  netlink::Monitor monitor_;
  netlink::Socket prober_;
  event::Debounce dirty_;
  std::vector<event::TimerId> timers_;

  std::map<IpAddress, Destination> destinations_;
  std::vector<netlink::Address> addresses_;
  std::vector<netlink::Neighbour> neighbours_;
  Counters counters_;
};

}  // namespace raven::dataplane
