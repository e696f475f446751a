// Checks of the plaintext, in the order trailer, inner header, ECN.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/inner_packet.h"

#include <cstring>

#include "common/base/internet_checksum.h"
#include "dataplane/ipsec/esp_wire.h"

namespace raven::dataplane {
namespace {

using namespace esp_wire;

constexpr uint32_t kIpv4SizeMin = 20;
constexpr uint32_t kIpv6SizeMin = 40;

constexpr InnerPacket refuse(EspVerdict verdict) {
  return {0, verdict, IpFamily::kV4};
}

// RFC 4303 section 2.4: 1, 2, 3...
bool padding_is_right(const uint8_t* padding, uint32_t size) {
  for (uint32_t i = 0; i < size; ++i)
    if (padding[i] != i + 1) return false;
  return true;
}

// The usual size as a constant, which becomes five additions.
uint16_t header_checksum(const uint8_t* ip, uint32_t size) {
  return size == kIpv4SizeMin ? internet_checksum(ip, kIpv4SizeMin) : internet_checksum(ip, size);
}

InnerPacket check_v4(const uint8_t* ip, uint32_t room) {
  if (room < kIpv4SizeMin || ip[0] >> 4 != 4) return refuse(EspVerdict::kInnerMalformed);
  const uint32_t header_size = (ip[0] & 15u) * 4;
  const uint32_t size = load_be16(ip + 2);
  if (header_size < kIpv4SizeMin || size < header_size || size > room ||
      header_checksum(ip, header_size) != 0)
    return refuse(EspVerdict::kInnerMalformed);
  return {size, EspVerdict::kOk, IpFamily::kV4};
}

InnerPacket check_v6(const uint8_t* ip, uint32_t room) {
  if (room < kIpv6SizeMin || ip[0] >> 4 != 6) return refuse(EspVerdict::kInnerMalformed);
  const uint32_t size = kIpv6SizeMin + load_be16(ip + 4);
  if (size > room) return refuse(EspVerdict::kInnerMalformed);
  return {size, EspVerdict::kOk, IpFamily::kV6};
}

enum Ecn : uint8_t { kNotEct = 0, kEct1 = 1, kEct0 = 2, kCe = 3, kDrop = 4 };

// RFC 6040 figure 4: [inner][outer] -> inner.
constexpr uint8_t kEcnOut[4][4] = {
    {kNotEct, kNotEct, kNotEct, kDrop},
    {kEct1, kEct1, kEct1, kCe},
    {kEct0, kEct1, kEct0, kCe},
    {kCe, kCe, kCe, kCe},
};

void set_ecn_v4(uint8_t* ip, uint8_t ecn) {
  const auto before = load<uint16_t>(ip);
  ip[1] = static_cast<uint8_t>((ip[1] & ~3) | ecn);
  const uint16_t checksum = update_checksum(load<uint16_t>(ip + 10), before, load<uint16_t>(ip));
  std::memcpy(ip + 10, &checksum, sizeof(checksum));
}

// False: the packet must be dropped, its flow would not understand the mark.
bool carry_ecn(uint8_t* ip, IpFamily family, uint8_t outer_traffic_class) {
  const uint8_t outer = outer_traffic_class & 3;
  const uint8_t inner = family == IpFamily::kV4 ? ip[1] & 3 : ip[1] >> 4 & 3;
  const uint8_t ecn = kEcnOut[inner][outer];
  if (ecn == inner) [[likely]]
    return true;
  if (ecn == kDrop) return false;
  if (family == IpFamily::kV4)
    set_ecn_v4(ip, ecn);
  else
    ip[1] = static_cast<uint8_t>((ip[1] & ~0x30) | ecn << 4);
  return true;
}

}  // namespace

InnerPacket open_inner(uint8_t* text, uint32_t text_size, uint8_t outer_traffic_class) {
  const uint32_t pad = text[text_size - 2];
  const uint8_t next_header = text[text_size - 1];
  if (pad + 2 > text_size) return refuse(EspVerdict::kPad);
  const uint32_t room = text_size - 2 - pad;
  if (!padding_is_right(text + room, pad)) return refuse(EspVerdict::kPad);

  InnerPacket inner;
  if (next_header == kNextHeaderIpv4) [[likely]]
    inner = check_v4(text, room);
  else if (next_header == kNextHeaderIpv6)
    inner = check_v6(text, room);
  else
    return refuse(next_header == kNextHeaderDummy ? EspVerdict::kDummy : EspVerdict::kNextHeader);
  if (inner.verdict == EspVerdict::kOk && !carry_ecn(text, inner.family, outer_traffic_class))
    return refuse(EspVerdict::kEcn);
  return inner;
}

}  // namespace raven::dataplane
