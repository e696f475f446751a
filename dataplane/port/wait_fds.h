// Descriptors of packet sockets that a DPDK driver opened and does not expose.
// SPDX-License-Identifier: Apache-2.0
//
// DPDK 22.11 has no receive interrupts for af_packet and af_xdp, yet their sockets can be polled:
// a sleeping worker wakes on the first packet instead of looking from time to time.
#pragma once

#include <set>
#include <vector>

namespace raven::dataplane {

// All AF_PACKET and AF_XDP sockets of this process.
std::set<int> packet_sockets();

// Those that are open now and were not in `before`, in the order of their opening (the lowest free
// number each): for af_packet and af_xdp one per queue.
std::vector<int> new_packet_sockets(const std::set<int>& before);

}  // namespace raven::dataplane
