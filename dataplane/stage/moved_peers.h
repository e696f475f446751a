// MovedPeers: tells control that authentic, newest packets of an SA come from another address.
// SPDX-License-Identifier: Apache-2.0
//
// RFC 7296 section 2.23: a peer behind a NAT may move; the packet path only reports it, control
// decides (sa_socket.h RAVEN_SA_MAPPING).
#pragma once

#include <cstdint>

#include "common/base/ip.h"
#include "dataplane/stage/report_ring.h"

namespace raven::dataplane {

struct MovedPeer {
  uint32_t spi = 0;  // of the inbound SA
  IpAddress address;
  uint16_t port = 0;  // 0: not UDP encapsulated
};

using MovedPeers = ReportRing<MovedPeer>;

}  // namespace raven::dataplane
