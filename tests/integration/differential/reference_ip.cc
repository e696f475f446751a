// IP packets, read byte by byte.
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/reference_ip.h"

namespace raven::dataplane::test {
namespace {

using Verdict = ReferenceIp::Verdict;

// Every option lies within the header; source routes are refused (RFC 7126).
Verdict read_options(const Bytes& options) {
  for (std::size_t at = 0; at < options.size();) {
    const uint8_t type = options[at];
    if (type == 0) break;
    if (type == 1) {
      ++at;
      continue;
    }
    if (at + 1 == options.size()) return Verdict::kMalformed;
    const std::size_t size = options[at + 1];
    if (size < 2 || at + size > options.size()) return Verdict::kMalformed;
    if (type == 131 || type == 137) return Verdict::kSourceRoute;
    at += size;
  }
  return Verdict::kOk;
}

ReferenceIp read_v4(const Bytes& bytes) {
  ReferenceIp ip;
  if (bytes.size() < 20 || bytes[0] >> 4 != 4) return ip;
  ip.family = 4;
  ip.header_size = (bytes[0] & 15u) * 4u;
  ip.size = u16_at(bytes, 2);
  if (ip.header_size < 20 || ip.size < ip.header_size || ip.size > bytes.size()) return ip;
  if (internet_checksum(slice(bytes, 0, ip.header_size)) != 0) return ip;
  ip.traffic_class = bytes[1];
  ip.ttl = bytes[8];
  ip.protocol = bytes[9];
  ip.dont_fragment = (bytes[6] & 0x40) != 0;
  const unsigned offset = u16_at(bytes, 6) & 0x1fff;
  ip.fragment = offset != 0 || (bytes[6] & 0x20) != 0;
  if (offset == 0) ip.l4 = ip.header_size;
  ip.source = slice(bytes, 12, 4);
  ip.destination = slice(bytes, 16, 4);
  ip.verdict = read_options(slice(bytes, 20, ip.header_size - 20));
  return ip;
}

// Walks over extension headers: not more than 8, hop-by-hop options only in front, no routing
// header of type 0 (RFC 5095).
Verdict walk_extensions(const Bytes& bytes, ReferenceIp& ip) {
  std::size_t at = 40;
  for (unsigned passed = 0; passed <= 8; ++passed) {
    if (ip.protocol == 59) return Verdict::kOk;
    const bool hop_by_hop = ip.protocol == 0, routing = ip.protocol == 43,
               fragment = ip.protocol == 44, destination = ip.protocol == 60;
    if (!hop_by_hop && !routing && !fragment && !destination) {
      ip.l4 = at;
      return Verdict::kOk;
    }
    if (hop_by_hop && passed > 0) return Verdict::kMalformed;
    if (at + 8 > ip.size) return Verdict::kMalformed;
    if (routing && bytes[at + 2] == 0) return Verdict::kSourceRoute;
    ip.protocol = bytes[at];
    if (fragment) {
      ip.fragment = true;
      if (u16_at(bytes, at + 2) >> 3 != 0) return Verdict::kOk;
      at += 8;
    } else {
      at += 8 + 8u * bytes[at + 1];
      if (at > ip.size) return Verdict::kMalformed;
    }
  }
  return Verdict::kMalformed;
}

ReferenceIp read_v6(const Bytes& bytes) {
  ReferenceIp ip;
  if (bytes.size() < 40 || bytes[0] >> 4 != 6) return ip;
  ip.family = 6;
  ip.header_size = 40;
  ip.size = 40u + u16_at(bytes, 4);
  if (ip.size > bytes.size()) return ip;
  ip.traffic_class = static_cast<uint8_t>(bytes[0] << 4 | bytes[1] >> 4);
  ip.ttl = bytes[7];
  ip.protocol = bytes[6];
  ip.dont_fragment = true;
  ip.source = slice(bytes, 8, 16);
  ip.destination = slice(bytes, 24, 16);
  ip.verdict = walk_extensions(bytes, ip);
  return ip;
}

}  // namespace

ReferenceIp read_ip(const Bytes& bytes) {
  if (bytes.empty()) return {};
  return bytes[0] >> 4 == 6 ? read_v6(bytes) : read_v4(bytes);
}

uint16_t changed_checksum(uint16_t checksum, uint16_t from, uint16_t to) {
  uint32_t sum = static_cast<uint16_t>(~checksum) + uint32_t{static_cast<uint16_t>(~from)} + to;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

void fix_header_checksum(Bytes& ip) {
  set_u16(ip, 10, 0);
  set_u16(ip, 10, internet_checksum(slice(ip, 0, (ip[0] & 15u) * 4u)));
}

}  // namespace raven::dataplane::test
