// Kernel: links, addresses, routes, rules and neighbours of this network namespace, read and
// written through rtnetlink.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread per Kernel.  Calls block until the kernel has answered (microseconds); a
// dump that another writer disturbed (NLM_F_DUMP_INTR) is taken again, at most five times.
// Errors: the kernel's own reason (extended acknowledgement) is part of the message.  Removing what
// is not there gives kNotFound.  Messages that cannot be parsed are skipped and counted.
// Privileges: reading needs none, writing needs CAP_NET_ADMIN.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/netlink/address.h"
#include "common/netlink/link.h"
#include "common/netlink/neighbour.h"
#include "common/netlink/route.h"
#include "common/netlink/rule.h"
#include "common/netlink/socket.h"

namespace raven::netlink {

class Kernel {
 public:
  static Result<Kernel> open();

  Result<std::vector<Link>> links();
  Result<std::optional<Link>> link(const std::string& name);
  Result<std::vector<Address>> addresses();
  // All routes of a table; none when the table is not there.
  Result<std::vector<Route>> routes(IpFamily family, uint32_t table);
  Result<std::vector<Rule>> rules(IpFamily family);
  // Of all links when `link` is 0.
  Result<std::vector<Neighbour>> neighbours(uint32_t link);
  Result<std::vector<FdbEntry>> fdb(uint32_t link);

  // The route that a packet of this host to `destination` takes, after all rules.  Blackhole and
  // unreachable give an error, as for a packet.
  Result<Route> lookup(const IpAddress& destination);

  // Creates the link (index 0), or sets MTU, MAC and up/down of the one with that index and name.
  Status put(const Link& link);
  Status remove(const Link& link);
  // Adds, or replaces the entry with the same key in one step.
  Status put(const Address& address);
  Status remove(const Address& address);
  Status put(const Route& route);
  Status remove(const Route& route);
  // Adds; the same rule being there already is no error.
  Status put(const Rule& rule);
  Status remove(const Rule& rule);
  Status put(const Neighbour& neighbour);
  Status remove(const Neighbour& neighbour);
  Status put(const FdbEntry& entry);
  Status remove(const FdbEntry& entry);

  // Messages of the kernel that could not be parsed, since open().
  uint64_t malformed_messages() const { return malformed_messages_; }

 private:
  explicit Kernel(Socket socket) : socket_{std::move(socket)} {}
  template <class T, class Parse>
  Result<std::vector<T>> read_all(const Message& request, const std::string& what, Parse parse);

  Socket socket_;
  uint64_t malformed_messages_ = 0;
};

}  // namespace raven::netlink
