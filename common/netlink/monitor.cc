// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/monitor.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

#include "common/netlink/attributes.h"
#include "common/netlink/codec.h"

namespace raven::netlink {
namespace {

// Holds some thousand messages while the loop is busy; more means a full resync, not a loss.
constexpr int kReceiveBufferBytes = 1 << 20;
// The kernel sends no larger datagram than this on a multicast group.
constexpr std::size_t kDatagramBytesMax = 32768;

// One socket option per group: the bit mask of bind() ends at group 32.
Status join(int fd, std::initializer_list<int> groups) {
  for (const int group : groups)
    if (::setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0)
      return errno_error("rtnetlink: subscribe to group " + std::to_string(group), errno);
  return {};
}

Status join(int fd, const Monitor::Interest& interest) {
  if (interest.links) RAVEN_TRY(join(fd, {RTNLGRP_LINK}));
  if (interest.addresses) RAVEN_TRY(join(fd, {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR}));
  if (interest.routes) RAVEN_TRY(join(fd, {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE}));
  if (interest.rules) RAVEN_TRY(join(fd, {RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE}));
  if (interest.neighbours) RAVEN_TRY(join(fd, {RTNLGRP_NEIGH}));
  return {};
}

template <class T>
void add(Events& events, bool removed, std::optional<T> object) {
  if (object)
    events.events.push_back({removed, std::move(*object)});
  else
    events.resync_needed = true;
}

// Every rtnetlink header begins with the address family.
uint8_t family_of(const nlmsghdr* message) {
  return nlmsg_datalen(message) > 0 ? *static_cast<const uint8_t*>(nlmsg_data(message)) : 0;
}

void add_message(Events& events, const nlmsghdr* message) {
  const uint8_t family = family_of(message);
  const bool is_ip = family == AF_INET || family == AF_INET6;
  switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      // Bridges report their ports once more under their own family.
      if (family == AF_UNSPEC) add(events, message->nlmsg_type == RTM_DELLINK, parse_link(message));
      return;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      if (is_ip) add(events, message->nlmsg_type == RTM_DELADDR, parse_address(message));
      return;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      if (is_ip) add(events, message->nlmsg_type == RTM_DELROUTE, parse_route(message));
      return;
    case RTM_NEWRULE:
    case RTM_DELRULE:
      if (is_ip) add(events, message->nlmsg_type == RTM_DELRULE, parse_rule(message));
      return;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      if (family == AF_BRIDGE)
        add(events, message->nlmsg_type == RTM_DELNEIGH, parse_fdb(message));
      else if (is_ip)
        add(events, message->nlmsg_type == RTM_DELNEIGH, parse_neighbour(message));
      return;
    default:
      return;
  }
}

}  // namespace

Events parse_events(std::span<const uint8_t> datagram) {
  Events events;
  const auto* message = reinterpret_cast<const nlmsghdr*>(datagram.data());
  int rest = static_cast<int>(datagram.size());
  while (nlmsg_ok(message, rest)) {
    add_message(events, message);
    message = nlmsg_next(const_cast<nlmsghdr*>(message), &rest);
  }
  if (rest > 0) events.resync_needed = true;  // a message that claims more than there is
  return events;
}

Result<Monitor> Monitor::open(const Interest& interest) {
  UniqueFd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE)};
  if (!fd) return errno_error("rtnetlink: open a socket", errno);
  // Beyond the limit of the system only with CAP_NET_ADMIN; the default size does as well.
  ::setsockopt(
      fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBufferBytes, sizeof kReceiveBufferBytes
  );
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return errno_error("rtnetlink: bind", errno);
  RAVEN_TRY(join(fd.get(), interest));
  return Monitor{std::move(fd)};
}

Result<Events> Monitor::drain() {
  Events all;
  alignas(nlmsghdr) std::array<uint8_t, kDatagramBytesMax> buffer;
  for (;;) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    const ssize_t size = ::recvfrom(
        fd_.get(), buffer.data(), buffer.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender),
        &sender_size
    );
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return all;
    if (size < 0 && errno == ENOBUFS) {
      all.resync_needed = true;
      continue;
    }
    if (size < 0) return errno_error("rtnetlink: receive", errno);
    if (sender.nl_pid != 0) continue;  // another process, not the kernel
    const auto length = static_cast<std::size_t>(size);
    Events some = parse_events({buffer.data(), std::min(length, buffer.size())});
    all.resync_needed |= some.resync_needed || length > buffer.size();
    std::ranges::move(some.events, std::back_inserter(all.events));
  }
}

}  // namespace raven::netlink
