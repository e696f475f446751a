// Typed objects from and to rtnetlink messages.  Pure: no socket.
// SPDX-License-Identifier: Apache-2.0
//
// parse(): nothing when the message is malformed or of another type.  put_request() adds or
// replaces, remove_request() removes.  dump_request() asks for all objects.
#pragma once

#include <optional>

#include "common/netlink/address.h"
#include "common/netlink/link.h"
#include "common/netlink/neighbour.h"
#include "common/netlink/route.h"
#include "common/netlink/rule.h"
#include "common/netlink/socket.h"

namespace raven::netlink {

std::optional<Link> parse_link(const nlmsghdr* message);
Message link_dump_request();
Message link_create_request(const Link& link);
Message link_change_request(const Link& link);  // MTU and MAC
Message link_no_ipv6_address_request(const Link& link);
Message link_state_request(const Link& link);  // up or down
Message remove_request(const Link& link);

std::optional<Address> parse_address(const nlmsghdr* message);
Message address_dump_request(IpFamily family);
Message put_request(const Address& address);
Message remove_request(const Address& address);

std::optional<Route> parse_route(const nlmsghdr* message);
Message route_dump_request(IpFamily family, uint32_t table);
Message route_lookup_request(const IpAddress& destination);
Message put_request(const Route& route);
Message remove_request(const Route& route);

std::optional<Rule> parse_rule(const nlmsghdr* message);
Message rule_dump_request(IpFamily family);
Message put_request(const Rule& rule);
Message remove_request(const Rule& rule);

std::optional<Neighbour> parse_neighbour(const nlmsghdr* message);
Message neighbour_dump_request(IpFamily family, uint32_t link);
Message put_request(const Neighbour& neighbour);
Message remove_request(const Neighbour& neighbour);

std::optional<FdbEntry> parse_fdb(const nlmsghdr* message);
Message fdb_dump_request(uint32_t link);
Message put_request(const FdbEntry& entry);
Message remove_request(const FdbEntry& entry);

// AF_INET or AF_INET6, as rtnetlink headers hold it.
uint8_t family_number(IpFamily family);

}  // namespace raven::netlink
