// Reading of IP packets, as simply as it can be written: RFC 791, RFC 8200.
// SPDX-License-Identifier: Apache-2.0
//
// Part of the oracle: shares no code with the dataplane.
#pragma once

#include <cstdint>
#include <optional>

#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::dataplane::test {

struct ReferenceIp {
  enum class Verdict { kOk, kMalformed, kSourceRoute };

  Verdict verdict = Verdict::kMalformed;
  // What follows is set unless the packet is malformed.
  unsigned family = 0;          // 4 or 6
  std::size_t size = 0;         // as the header says
  std::size_t header_size = 0;  // IPv4: with options
  uint8_t traffic_class = 0;
  uint8_t ttl = 0;
  uint8_t protocol = 0;           // behind all extension headers
  std::optional<std::size_t> l4;  // where that starts, if in this packet
  bool fragment = false;          // first or later
  bool dont_fragment = false;     // always for IPv6: no router may cut it
  Bytes source, destination;
};

// `bytes` may go on behind the packet.
ReferenceIp read_ip(const Bytes& bytes);

// The one's complement sum that RFC 1624 (eqn. 3) gives when a word under a checksum changes.
uint16_t changed_checksum(uint16_t checksum, uint16_t from, uint16_t to);

// Writes the checksum of an IPv4 header that has been changed.
void fix_header_checksum(Bytes& ip);

}  // namespace raven::dataplane::test
