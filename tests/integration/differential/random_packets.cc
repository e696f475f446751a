// Random IP packets.
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/random_packets.h"

#include <algorithm>

#include "tests/integration/differential/reference_ip.h"

namespace raven::dataplane::test {
namespace {

constexpr const char* kOwn4[] = {"10.1.1.5", "10.1.2.5", "10.1.2.77", "10.1.3.5", "10.1.3.9"};
constexpr const char* kRemote4[] = {"10.2.7.9",   "10.2.0.1", "10.2.7.9",
                                    "10.2.255.1", "10.3.7.9", "10.4.7.9"};
constexpr const char* kAny4[] = {"10.9.0.1",     "192.0.2.1", "10.9.0.11",       "10.9.0.12",
                                 "8.8.8.8",      "10.1.4.1",  "169.254.82.1",    "169.254.82.2",
                                 "224.0.0.1",    "127.0.0.1", "255.255.255.255", "0.0.0.0",
                                 "198.51.100.2", "240.0.0.1"};
constexpr const char* kOwn6[] = {"fd00:1:1::5", "fd00:1:2::5", "fd00:1:2::77", "fd00:1:3::5"};
constexpr const char* kRemote6[] = {"fd00:2::9", "fd00:2:ffff::1", "fd00:2:0:1::9"};
constexpr const char* kAny6[] = {
    "fd09::1", "2001:db8::1", "ff02::1", "::", "::1", "fe80::1", "fd00:3::1"};

constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60, kNone = 59;

Bytes padded(Bytes options) {
  options.resize((options.size() + 3) / 4 * 4);
  return options;
}

}  // namespace

std::string RandomPackets::address(Side side, bool v6) {
  if (random_.one_in(16)) side = static_cast<Side>(random_.below(3));
  if (v6)
    return side == Side::kOwn      ? random_.pick(kOwn6)
           : side == Side::kRemote ? random_.pick(kRemote6)
                                   : random_.pick(kAny6);
  return side == Side::kOwn      ? random_.pick(kOwn4)
         : side == Side::kRemote ? random_.pick(kRemote4)
                                 : random_.pick(kAny4);
}

Bytes RandomPackets::payload() {
  switch (random_.below(24)) {
    case 0:
    case 1:
      return random_.bytes(mtu_ - 60u + random_.below(40));
    case 2:
      return random_.bytes(random_.between(1380, 1500));
    case 3:
      return random_.bytes(random_.between(500, 3000));
    case 4:
      return random_.bytes(random_.one_in(6) ? random_.between(3000, 8600) : 0);
    default:
      return random_.bytes(random_.below(120));
  }
}

// Mostly an MSS, sometimes something that is none.
Bytes RandomPackets::tcp_options() {
  Bytes options;
  while (options.size() < 32 && !random_.one_in(3)) {
    const uint8_t high = random_.byte(), low = random_.byte();
    switch (random_.below(8)) {
      case 0:
        options = options + Bytes{1};
        break;
      case 1:
        options = options + Bytes{4, 2};
        break;
      case 2:
        options = options + Bytes{3, 3, 7};
        break;
      case 3:
        options = options + Bytes{random_.byte(), random_.byte()};
        break;
      case 4:
        options = options + Bytes{2, 4, high, low};
        break;
      default: {  // around what the path carries
        const auto segment = static_cast<uint16_t>(mtu_ - 62 + random_.below(26));
        options = options +
                  Bytes{2, 4, static_cast<uint8_t>(segment >> 8), static_cast<uint8_t>(segment)};
      }
    }
  }
  return padded(options);
}

Bytes RandomPackets::transport(
    const std::string& source, const std::string& destination, uint8_t& protocol
) {
  const bool v6 = source.find(':') != std::string::npos;
  switch (random_.below(8)) {
    case 0:
    case 1: {
      protocol = 6;
      const bool syn = random_.one_in(2);
      Bytes segment =
          tcp({.flags = static_cast<uint8_t>(syn ? 0x02 | (random_.byte() & 0x10) : random_.byte()),
               .options = tcp_options()},
              source, destination, syn ? Bytes{} : payload());
      if (random_.one_in(16)) segment[12] = random_.byte();
      if (random_.one_in(16)) segment[16] = random_.byte();
      return segment;
    }
    case 2: {
      protocol = v6 ? 58 : 1;
      static constexpr uint8_t kTypes[] = {0, 3, 8, 11, 13, 1, 2, 128, 129, 255};
      return icmp(random_.pick(kTypes), random_.byte() & 3, random_.bytes(4) + payload());
    }
    case 3:
      protocol = random_.one_in(2) ? random_.byte() : uint8_t{50};
      if (v6 && protocol == kFragment) protocol = 17;
      return payload();
    default:
      protocol = 17;
      return udp(40000, 5000, payload());
  }
}

Bytes RandomPackets::ipv4_options() {
  Bytes options;
  while (options.size() < 28 && !random_.one_in(3)) {
    switch (random_.below(16)) {
      case 0:
        options = options + Bytes{131, 7, 4} + random_.bytes(4);  // loose source route
        break;
      case 1:
        options = options + Bytes{random_.byte(), random_.byte()};
        break;
      case 2:
      case 3:
      case 4:
        options = options + Bytes{1};
        break;
      case 5:
      case 6:
      case 7:
        options = options + Bytes{7, 7, 4} + random_.bytes(4);  // record route: not copied
        break;
      case 8:
      case 9:
      case 10:
        options = options + Bytes{130, 11} + random_.bytes(9);  // security: copied
        break;
      default:
        options = options + Bytes{148, 4, 0, 0};  // router alert: copied
    }
  }
  options.resize(std::min<std::size_t>(options.size(), 40));
  return padded(options);
}

Bytes RandomPackets::ipv4_packet(const std::string& source, const std::string& destination) {
  static constexpr uint8_t kTtls[] = {64, 64, 64, 64, 64, 255, 2, 1, 0};
  Ipv4Fields fields{.source = source, .destination = destination};
  const Bytes body = transport(source, destination, fields.protocol);
  fields.ttl = random_.pick(kTtls);
  if (random_.one_in(2)) fields.tos = random_.byte();
  fields.dont_fragment = random_.one_in(3);
  fields.identification = static_cast<uint16_t>(random_.next());
  if (random_.one_in(8)) fields.options = ipv4_options();
  if (random_.one_in(12)) {
    fields.more_fragments = random_.one_in(2);
    if (random_.one_in(2)) fields.fragment_offset = static_cast<uint16_t>(random_.below(8192) * 8);
  }
  Bytes packet = ipv4(fields, body);
  if (random_.one_in(32)) {  // the reserved flag
    packet[6] |= 0x80;
    fix_header_checksum(packet);
  }
  return packet;
}

Bytes RandomPackets::extension(uint8_t type, uint8_t next) {
  if (type == kFragment) {
    const uint16_t offset = random_.one_in(2) ? uint16_t{0} : static_cast<uint16_t>(random_.next());
    return Bytes{next, 0, static_cast<uint8_t>(offset >> 8), static_cast<uint8_t>(offset & 0xf9)} +
           random_.bytes(4);
  }
  const uint8_t words = random_.one_in(4) ? random_.byte() & 3 : uint8_t{0};
  Bytes header = Bytes{next, words} + random_.bytes(6u + 8u * words);
  if (type == kRouting) header[2] = random_.one_in(4) ? 0 : 4;
  if (random_.one_in(48)) header[1] = random_.byte();
  return header;
}

Bytes RandomPackets::ipv6_packet(const std::string& source, const std::string& destination) {
  static constexpr uint8_t kTypes[] = {kDestination, kDestination, kRouting, kFragment, kHopByHop};
  static constexpr uint8_t kHops[] = {64, 64, 64, 64, 64, 255, 2, 1, 0};
  uint8_t next = 0;
  Bytes body = transport(source, destination, next);
  if (random_.one_in(48)) next = kNone;
  const uint32_t extensions =
      random_.one_in(4) ? (random_.one_in(8) ? random_.between(7, 11) : random_.between(1, 3)) : 0;
  for (uint32_t left = extensions; left > 0; --left) {
    const bool first = left == 1;  // they are put together from the inside out
    uint8_t type = random_.pick(kTypes);
    if (type == kHopByHop && !first && !random_.one_in(16)) type = kDestination;
    body = extension(type, next) + body;
    next = type;
  }
  Bytes packet = ipv6(
      {.source = source,
       .destination = destination,
       .next_header = next,
       .hop_limit = random_.pick(kHops),
       .traffic_class = random_.one_in(2) ? random_.byte() : uint8_t{0}},
      body
  );
  if (random_.one_in(2)) packet[3] = random_.byte();  // flow label
  return packet;
}

Bytes RandomPackets::router_error(Side from, Side to) {
  const bool v6 = random_.one_in(3);
  const std::string sender = address(to, v6), receiver = address(from, v6);
  const Bytes quoted = v6 ? ipv6_packet(sender, receiver) : ipv4_packet(sender, receiver);
  static constexpr uint8_t kTypes4[] = {3, 11, 12, 5, 8}, kTypes6[] = {1, 2, 3, 4, 0, 128};
  const uint8_t type = v6 ? random_.pick(kTypes6) : random_.pick(kTypes4);
  const std::size_t size = random_.one_in(4) ? random_.below(60) : 1000;
  const Bytes message = icmp(type, 0, random_.bytes(4) + slice(quoted, 0, size));
  const std::string router = address(Side::kAny, v6);
  if (v6) return ipv6({.source = router, .destination = sender, .next_header = 58}, message);
  return ipv4({.source = router, .destination = sender, .protocol = 1}, message);
}

Bytes RandomPackets::packet(Side from, Side to) {
  if (random_.one_in(24)) return router_error(from, to);
  const bool v6 = random_.one_in(3);
  const std::string source = address(from, v6), destination = address(to, v6);
  Bytes packet = v6 ? ipv6_packet(source, destination) : ipv4_packet(source, destination);
  if (random_.one_in(16)) damage(packet);
  return packet;
}

Bytes RandomPackets::probe_datagram() {
  Bytes body{'R', 'V', 'P', 'R', 1, static_cast<uint8_t>(random_.one_in(4) ? 2 : 1), 0, 0};
  body = body + random_.bytes(16);
  if (random_.one_in(8)) body[random_.below(6)] = random_.byte();
  if (random_.one_in(16)) body.resize(random_.below(32));
  return udp(static_cast<uint16_t>(random_.next()), 4473, body);
}

Bytes RandomPackets::tunnel_probe() {
  const bool forth = !random_.one_in(4);
  return ipv4(
      {.source = forth ? "169.254.82.1" : "169.254.82.2",
       .destination = forth ? "169.254.82.2" : "169.254.82.1",
       .ttl = random_.byte(),
       .dont_fragment = random_.one_in(2)},
      probe_datagram()
  );
}

void RandomPackets::damage(Bytes& ip) {
  const auto size = static_cast<uint32_t>(ip.size());
  switch (random_.below(6)) {
    case 0:
      ip.erase(ip.begin() + static_cast<std::ptrdiff_t>(random_.below(size)), ip.end());
      break;
    case 1:
      ip = ip + random_.bytes(random_.between(1, 40));
      break;
    case 2: {  // the length
      const std::size_t at = ip[0] >> 4 == 4 ? 2 : 4;
      set_u16(ip, at, static_cast<uint16_t>(u16_at(ip, at) + random_.between(0, 32) - 16));
      break;
    }
    default:
      ip[random_.below(std::min(size, 64u))] = random_.byte();
  }
  const bool has_header = ip.size() >= 20 && ip.size() >= (ip[0] & 15u) * 4u && (ip[0] & 15) >= 5;
  if (has_header && ip[0] >> 4 == 4 && !random_.one_in(4)) fix_header_checksum(ip);
}

}  // namespace raven::dataplane::test
