// Monitor: tells when something in the kernel's tables changed.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread.  Put fd() into the event loop and call drain() when it is readable.
// Changes that this process makes are reported as well.  Messages that do not come from the
// kernel are ignored.
#pragma once

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "common/netlink/address.h"
#include "common/netlink/link.h"
#include "common/netlink/neighbour.h"
#include "common/netlink/route.h"
#include "common/netlink/rule.h"

namespace raven::netlink {

using Object = std::variant<Link, Address, Route, Rule, Neighbour, FdbEntry>;

struct Event {
  bool removed = false;
  Object object;
};

struct Events {
  std::vector<Event> events;
  // Messages were lost (ENOBUFS) or not understood: read everything again.
  bool resync_needed = false;
};

// What one datagram of the kernel says.  Pure; `datagram` is aligned to 4 bytes.
Events parse_events(std::span<const uint8_t> datagram);

class Monitor {
 public:
  // Which tables to watch.
  struct Interest {
    bool links = true;
    bool addresses = true;
    bool routes = true;
    bool rules = true;
    bool neighbours = true;  // and FDB entries
  };
  static Result<Monitor> open(const Interest& interest);
  static Result<Monitor> open() { return open(Interest{}); }

  int fd() const { return fd_.get(); }
  // Everything that has arrived; never blocks.
  Result<Events> drain();

 private:
  explicit Monitor(UniqueFd fd) : fd_{std::move(fd)} {}
  UniqueFd fd_;
};

}  // namespace raven::netlink
