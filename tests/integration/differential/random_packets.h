// RandomPackets: IP packets as networks and attackers make them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/lib/random_cases.h"
#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::dataplane::test {

using raven::test::Random;

class RandomPackets {
 public:
  // Many sizes are around `mtu`.
  RandomPackets(Random& random, uint16_t mtu) : random_{random}, mtu_{mtu} {}

  enum class Side { kOwn, kRemote, kAny };
  // From one side to the other, mostly; now and then from anywhere to anywhere.
  Bytes packet(Side from, Side to);
  // A path probe from inside of a tunnel, or one that nearly is one.
  Bytes tunnel_probe();
  // The payload of a probe with its UDP header.
  Bytes probe_datagram();
  // An ICMP error of a router about a packet of somebody, or what nearly is one.
  Bytes router_error(Side from, Side to);
  // Some byte is wrong, something is missing, or too much.
  void damage(Bytes& ip);

  Bytes ipv4_options();

 private:
  std::string address(Side side, bool v6);
  Bytes payload();
  Bytes tcp_options();
  // Fills in the protocol of what it makes.
  Bytes transport(const std::string& source, const std::string& destination, uint8_t& protocol);
  Bytes ipv4_packet(const std::string& source, const std::string& destination);
  Bytes ipv6_packet(const std::string& source, const std::string& destination);
  Bytes extension(uint8_t type, uint8_t next);

  Random& random_;
  const uint16_t mtu_;
};

}  // namespace raven::dataplane::test
