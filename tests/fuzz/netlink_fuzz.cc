// Datagrams of rtnetlink: common/netlink/monitor.h and the codecs behind it.
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <memory>

#include "common/netlink/codec.h"
#include "common/netlink/monitor.h"
#include "tests/fuzz/fuzz.h"

namespace raven::netlink {
namespace {

using fuzz::require;

void check(const Link& link) {
  require(link.index != 0 && !link.name.empty(), "a link has a number and a name");
  for (const Message& message :
       {link_create_request(link), link_change_request(link), link_no_ipv6_address_request(link),
        link_state_request(link), remove_request(link)})
    require(message.raw() != nullptr, "a link can be asked for");
}

// Families and lengths are within their bounds.
void check_prefix(const IpAddress& address, unsigned length) {
  require(length <= address.bits(), "no prefix is longer than its address");
}

void check(const Address& address) {
  check_prefix(address.address, address.prefix_length);
  const auto again = parse_address(put_request(address).raw());
  require(again && *again == address && !address.text().empty(), "an address is written as read");
  require(remove_request(address).raw() != nullptr, "an address can be removed");
  require(address_dump_request(address.address.family()).complete(), "addresses can be asked for");
}

void check(const Route& route) {
  check_prefix(route.destination.address(), route.destination.length());
  require(!route.text().empty() && remove_request(route).raw() != nullptr, "a route has a text");
  require(route_dump_request(route.destination.family(), 254).complete(), "routes can be read");
  require(route_lookup_request(route.destination.address()).complete(), "a route can be looked up");
  const auto again = parse_route(put_request(route).raw());
  if (!route.simple) return;
  require(again && again->destination == route.destination, "a route keeps its destination");
  require(again->table == route.table && again->mtu == route.mtu, "a route keeps table and MTU");
}

void check(const Rule& rule) {
  require(rule_dump_request(rule.family).complete(), "rules can be asked for");
  const auto again = parse_rule(put_request(rule).raw());
  require(again && again->priority == rule.priority, "a rule keeps its priority");
  require(!rule.text().empty() && remove_request(rule).raw() != nullptr, "a rule has a text");
  if (!rule.other_selectors && (rule.mark_mask != 0 || rule.mark == 0))
    require(*again == rule, "a rule is written as read");
}

void check(const Neighbour& neighbour) {
  const IpFamily family = neighbour.address.family();
  require(neighbour_dump_request(family, neighbour.link).complete(), "can be asked for");
  const auto again = parse_neighbour(put_request(neighbour).raw());
  require(again && *again == neighbour, "a neighbour is written as read");
  require(!neighbour.text().empty() && remove_request(neighbour).raw() != nullptr, "has a text");
}

void check(const FdbEntry& entry) {
  require(fdb_dump_request(entry.link).complete(), "can be asked for");
  const auto again = parse_fdb(put_request(entry).raw());
  require(again && *again == entry, "an FDB entry is written as read");
  require(!entry.text().empty() && remove_request(entry).raw() != nullptr, "has a text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  // From malloc: aligned, and AddressSanitizer knows its end.
  const std::unique_ptr<uint8_t[]> datagram{new uint8_t[size]};
  if (size != 0) std::memcpy(datagram.get(), data, size);
  const Events events = parse_events({datagram.get(), size});
  for (const Event& event : events.events)
    std::visit([](const auto& object) { check(object); }, event.object);
  return 0;
}

}  // namespace raven::netlink
