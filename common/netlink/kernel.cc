// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/kernel.h"

#include <sys/socket.h>

#include <algorithm>

#include "common/netlink/codec.h"

namespace raven::netlink {

uint8_t family_number(IpFamily family) {
  return family == IpFamily::kV4 ? AF_INET : AF_INET6;
}

Result<Kernel> Kernel::open() {
  RAVEN_ASSIGN(Socket socket, Socket::open());
  return Kernel{std::move(socket)};
}

template <class T, class Parse>
Result<std::vector<T>> Kernel::read_all(
    const Message& request, const std::string& what, Parse parse
) {
  std::vector<T> objects;
  const auto visit = [&](const nlmsghdr* message) {
    if (auto object = parse(message))
      objects.push_back(std::move(*object));
    else
      ++malformed_messages_;
  };
  RAVEN_TRY(socket_.dump(request, what, visit, [&] { objects.clear(); }));
  return objects;
}

Result<std::vector<Link>> Kernel::links() {
  return read_all<Link>(link_dump_request(), "list the links", parse_link);
}

Result<std::optional<Link>> Kernel::link(const std::string& name) {
  RAVEN_ASSIGN(std::vector<Link> all, links());
  const auto found = std::ranges::find(all, name, &Link::name);
  return found == all.end() ? std::nullopt : std::optional{std::move(*found)};
}

Result<std::vector<Address>> Kernel::addresses() {
  const std::string what = "list the addresses";
  RAVEN_ASSIGN(
      std::vector<Address> all,
      read_all<Address>(address_dump_request(IpFamily::kV4), what, parse_address)
  );
  RAVEN_ASSIGN(
      const std::vector<Address> v6,
      read_all<Address>(address_dump_request(IpFamily::kV6), what, parse_address)
  );
  all.insert(all.end(), v6.begin(), v6.end());
  return all;
}

Result<std::vector<Route>> Kernel::routes(IpFamily family, uint32_t table) {
  const std::string what = "list the routes of table " + std::to_string(table);
  auto routes = read_all<Route>(route_dump_request(family, table), what, parse_route);
  if (!routes.ok() && routes.error().code == ErrorCode::kNotFound) return std::vector<Route>{};
  if (!routes.ok()) return routes;
  std::erase_if(*routes, [&](const Route& route) { return route.table != table; });
  return routes;
}

Result<std::vector<Rule>> Kernel::rules(IpFamily family) {
  return read_all<Rule>(rule_dump_request(family), "list the routing rules", parse_rule);
}

Result<std::vector<Neighbour>> Kernel::neighbours(uint32_t link) {
  std::vector<Neighbour> all;
  for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
    RAVEN_ASSIGN(
        const std::vector<Neighbour> some,
        read_all<Neighbour>(
            neighbour_dump_request(family, link), "list the neighbours", parse_neighbour
        )
    );
    all.insert(all.end(), some.begin(), some.end());
  }
  if (link != 0)
    std::erase_if(all, [&](const Neighbour& neighbour) { return neighbour.link != link; });
  return all;
}

Result<std::vector<FdbEntry>> Kernel::fdb(uint32_t link) {
  RAVEN_ASSIGN(
      std::vector<FdbEntry> all,
      read_all<FdbEntry>(fdb_dump_request(link), "list the forwarding database", parse_fdb)
  );
  std::erase_if(all, [&](const FdbEntry& entry) { return entry.link != link; });
  return all;
}

Result<Route> Kernel::lookup(const IpAddress& destination) {
  std::optional<Route> route;
  const std::string what = "look up the route to " + destination.text();
  RAVEN_TRY(socket_.query(route_lookup_request(destination), what, [&](const nlmsghdr* message) {
    route = parse_route(message);
  }));
  if (!route) return Error{ErrorCode::kInternal, what + ": the answer cannot be parsed"};
  return *route;
}

Status Kernel::put(const Link& wanted) {
  const std::string what = "configure link " + wanted.name;
  if (wanted.index == 0)
    RAVEN_TRY(socket_.request(link_create_request(wanted), "create link " + wanted.name));
  else
    RAVEN_TRY(socket_.request(link_change_request(wanted), what));
  // Read again: below an MTU of 1280 a device has no IPv6, and above it gets it back.
  RAVEN_ASSIGN(const std::optional<Link> current, link(wanted.name));
  if (!current)
    return Error{ErrorCode::kConflict, what + ": another program removed it immediately"};
  Link target = wanted;
  target.index = current->index;
  if (current->ipv6_auto_address && !wanted.ipv6_auto_address)
    RAVEN_TRY(socket_.request(link_no_ipv6_address_request(target), what));
  if (current->up == wanted.up) return {};
  return socket_.request(link_state_request(target), what);
}

Status Kernel::remove(const Link& link) {
  return socket_.request(remove_request(link), "remove link " + link.name);
}

Status Kernel::put(const Address& address) {
  return socket_.request(put_request(address), "set address " + address.text());
}

Status Kernel::remove(const Address& address) {
  return socket_.request(remove_request(address), "remove address " + address.text());
}

Status Kernel::put(const Route& route) {
  return socket_.request(put_request(route), "set route " + route.text());
}

Status Kernel::remove(const Route& route) {
  return socket_.request(remove_request(route), "remove route " + route.text());
}

Status Kernel::put(const Rule& rule) {
  Status status = socket_.request(put_request(rule), "add rule " + rule.text());
  if (!status.ok() && status.error().code == ErrorCode::kExists) return {};
  return status;
}

Status Kernel::remove(const Rule& rule) {
  return socket_.request(remove_request(rule), "remove rule " + rule.text());
}

Status Kernel::put(const Neighbour& neighbour) {
  return socket_.request(put_request(neighbour), "set neighbour " + neighbour.text());
}

Status Kernel::remove(const Neighbour& neighbour) {
  return socket_.request(remove_request(neighbour), "remove neighbour " + neighbour.text());
}

Status Kernel::put(const FdbEntry& entry) {
  return socket_.request(put_request(entry), "set forwarding entry " + entry.text());
}

Status Kernel::remove(const FdbEntry& entry) {
  return socket_.request(remove_request(entry), "remove forwarding entry " + entry.text());
}

}  // namespace raven::netlink
