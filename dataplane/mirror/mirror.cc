// SPDX-License-Identifier: Apache-2.0
#include "dataplane/mirror/mirror.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

#include "common/base/log.h"

namespace raven::dataplane {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A burst of kernel events gives one pass.
constexpr milliseconds kQuiet{20};
constexpr seconds kResyncPeriod{15};
constexpr milliseconds kWantedPeriod{50};
// The kernel retries by itself for three seconds (mcast_solicit); no sense in asking faster.
constexpr seconds kProbeInterval{1};

// Asks the kernel to use the neighbour as if it had a packet for it: resolve it, or confirm it
// when it is stale ("ip neigh replace ... use").
netlink::Message use_message(const NextHop& hop) {
  netlink::Message message{RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE};
  ndmsg header{};
  header.ndm_family = hop.address.is_v4() ? AF_INET : AF_INET6;
  header.ndm_ifindex = static_cast<int>(hop.link);
  header.ndm_flags = NTF_USE;
  message.header(header);
  message.add_address(NDA_DST, hop.address);
  return message;
}

}  // namespace

Mirror::Mirror(
    event::Loop& loop, std::vector<KernelPort> ports, AdjacencySlots& slots, netlink::Kernel kernel,
    netlink::Monitor monitor, netlink::Socket prober
)
    : loop_{loop},
      ports_{std::move(ports)},
      slots_{slots},
      kernel_{std::move(kernel)},
      monitor_{std::move(monitor)},
      prober_{std::move(prober)},
      dirty_{loop, kQuiet, [this] { resync(); }} {
  loop_.add_reader(monitor_.fd(), [this] { read_monitor(); });
  timers_.push_back(loop_.call_every(kResyncPeriod, [this] { resync(); }));
  timers_.push_back(loop_.call_every(kWantedPeriod, [this] { look_for_wanted(); }));
  resync();
}

Result<std::unique_ptr<Mirror>> Mirror::start(
    event::Loop& loop, std::vector<KernelPort> ports, AdjacencySlots& slots
) {
  RAVEN_ASSIGN(auto kernel, netlink::Kernel::open());
  RAVEN_ASSIGN(auto monitor, netlink::Monitor::open());
  RAVEN_ASSIGN(auto prober, netlink::Socket::open());
  return std::unique_ptr<Mirror>{new Mirror{
      loop, std::move(ports), slots, std::move(kernel), std::move(monitor), std::move(prober)}};
}

Mirror::~Mirror() {
  loop_.remove_reader(monitor_.fd());
  for (const event::TimerId timer : timers_) loop_.cancel(timer);
}

void Mirror::read_monitor() {
  const Result<netlink::Events> events = monitor_.drain();
  if (!events.ok()) log::warning("mirror", "{}", events.error().message);
  if (!events.ok() || events->resync_needed) ++counters_.losses;
  dirty_.mark();
}

void Mirror::resync() {
  ++counters_.resyncs;
  bool changed = read_links();
  changed = read_addresses() || changed;
  // Without neighbours the next hops stay; changed links and addresses count all the same.
  if (read_neighbours()) {
    for (auto& [address, destination] : destinations_)
      changed = refresh(address, destination) || changed;
  }
  if (changed && changed_) changed_();
}

bool Mirror::read_links() {
  const auto links = kernel_.links();
  if (!links.ok()) {
    log::warning("mirror", "{}; the last good state is kept", links.error().message);
    return false;
  }
  bool changed = false;
  for (KernelPort& port : ports_) {
    const auto link = std::ranges::find(*links, port.interface, &netlink::Link::name);
    const uint32_t index = link == links->end() ? 0 : link->index;
    if (std::exchange(port.link, index) != index) changed = true;
  }
  return changed;
}

bool Mirror::read_addresses() {
  auto addresses = kernel_.addresses();
  if (!addresses.ok()) {
    log::warning("mirror", "{}; the last good state is kept", addresses.error().message);
    return false;
  }
  std::erase_if(*addresses, [](const netlink::Address& a) { return a.address.is_loopback(); });
  std::ranges::sort(*addresses, {}, &netlink::Address::key);
  return std::exchange(addresses_, *addresses) != *addresses;
}

bool Mirror::read_neighbours() {
  std::vector<netlink::Neighbour> neighbours;
  for (const KernelPort& port : ports_) {
    if (port.link == 0) continue;
    const auto read = kernel_.neighbours(port.link);
    if (!read.ok()) {
      log::warning("mirror", "{}; the last good state is kept", read.error().message);
      return false;
    }
    neighbours.insert(neighbours.end(), read->begin(), read->end());
  }
  neighbours_ = std::move(neighbours);
  return true;
}

bool Mirror::refresh(const IpAddress& address, Destination& destination) {
  NextHop hop = decide_next_hop(address, kernel_.lookup(address), ports_, neighbours_);
  const bool changed = !(hop == destination.hop);
  if (changed) {
    slots_.write(destination.index, hop);
    log::info(
        "mirror", "{} by {} {}", address.text(), hop.address.text(),
        hop.usable() ? hop.mac->text() : hop.problem
    );
  }
  destination.hop = std::move(hop);
  probe_if_needed(destination, false);
  return changed;
}

void Mirror::probe_if_needed(Destination& destination, bool now) {
  const Instant time = BootClock::now();
  const NextHop& hop = destination.hop;
  if (!hop.port || !hop.needs_probe) return;
  if (!now && destination.probed_at && time - *destination.probed_at < kProbeInterval) return;
  destination.probed_at = time;
  ++counters_.probes;
  const Status asked = prober_.request(use_message(hop), "resolve " + hop.address.text());
  if (!asked.ok()) log::debug("mirror", "{}", asked.error().message);
}

// What packets ask for, and what stays unresolved, is asked for again.
void Mirror::look_for_wanted() {
  for (auto& [address, destination] : destinations_) {
    const bool wanted = slots_.take_wanted(destination.index);
    if (wanted || !destination.hop.usable()) probe_if_needed(destination, false);
  }
}

Result<AdjacencyIndex> Mirror::want(const IpAddress& address) {
  const auto known = destinations_.find(address);
  if (known != destinations_.end()) return known->second.index;
  RAVEN_ASSIGN(const AdjacencyIndex index, slots_.take());
  Destination& added = destinations_.emplace(address, Destination{index, {}, {}}).first->second;
  slots_.write(index, added.hop);
  refresh(address, added);
  return index;
}

void Mirror::keep_only(const std::set<IpAddress>& wanted) {
  std::erase_if(destinations_, [this, &wanted](const auto& item) {
    if (wanted.contains(item.first)) return false;
    slots_.give_back(item.second.index);
    return true;
  });
}

const NextHop* Mirror::next_hop(const IpAddress& destination) const {
  const auto found = destinations_.find(destination);
  return found == destinations_.end() ? nullptr : &found->second.hop;
}

std::vector<IpAddress> Mirror::own_addresses() const {
  std::vector<IpAddress> own;
  for (const netlink::Address& address : addresses_) own.push_back(address.address);
  return own;
}

std::vector<std::string> Mirror::addresses_of(PortIndex port) const {
  std::vector<std::string> texts;
  const auto known = std::ranges::find(ports_, port, &KernelPort::port);
  if (known == ports_.end()) return texts;
  for (const netlink::Address& address : addresses_)
    if (address.link == known->link) texts.push_back(address.address.text());
  return texts;
}

}  // namespace raven::dataplane
