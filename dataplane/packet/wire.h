// Wire formats: headers as they are in packets.  All fields Be or bytes, any alignment.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "common/base/byte_order.h"

namespace raven::dataplane::wire {

inline constexpr uint16_t kEtherIpv4 = 0x0800;
inline constexpr uint16_t kEtherIpv6 = 0x86dd;
inline constexpr uint16_t kEtherVlan = 0x8100;         // IEEE 802.1Q
inline constexpr uint16_t kEtherServiceVlan = 0x88a8;  // IEEE 802.1ad

inline constexpr uint8_t kHopByHop = 0;
inline constexpr uint8_t kIcmp = 1;
inline constexpr uint8_t kTcp = 6;
inline constexpr uint8_t kUdp = 17;
inline constexpr uint8_t kRouting = 43;
inline constexpr uint8_t kFragment = 44;
inline constexpr uint8_t kEsp = 50;
inline constexpr uint8_t kAh = 51;
inline constexpr uint8_t kIcmp6 = 58;
inline constexpr uint8_t kNoNext = 59;
inline constexpr uint8_t kDestinationOptions = 60;

inline constexpr uint16_t kPortIke = 500;

struct Ethernet {
  uint8_t destination[6];
  uint8_t source[6];
  Be16 type;
};

// Between the addresses and the type of a tagged frame; follows the type that announces it.
struct VlanTag {
  Be16 tag;
  Be16 type;
};

struct Ipv4 {
  uint8_t version_ihl;
  uint8_t tos;
  Be16 total_length;
  Be16 identification;
  Be16 fragment;  // flags and offset
  uint8_t ttl;
  uint8_t protocol;
  Be16 checksum;
  uint8_t source[4];
  uint8_t destination[4];

  unsigned header_size() const { return (version_ihl & 0xfu) * 4u; }
  bool dont_fragment() const { return (fragment.host() & kDontFragment) != 0; }
  bool is_fragment() const { return (fragment.host() & (kMoreFragments | kOffsetMask)) != 0; }
  unsigned fragment_offset() const { return (fragment.host() & kOffsetMask) * 8u; }

  static constexpr uint16_t kDontFragment = 0x4000;
  static constexpr uint16_t kMoreFragments = 0x2000;
  static constexpr uint16_t kOffsetMask = 0x1fff;
};

struct Ipv6 {
  Be32 version_class_flow;
  Be16 payload_length;
  uint8_t next_header;
  uint8_t hop_limit;
  uint8_t source[16];
  uint8_t destination[16];

  uint8_t version() const { return static_cast<uint8_t>(version_class_flow.host() >> 28); }
  uint8_t traffic_class() const {
    return static_cast<uint8_t>(version_class_flow.host() >> 20 & 0xff);
  }

  static constexpr uint16_t kMtuMin = 1280;  // of every link (RFC 8200 section 5)
};

// The addresses of an IP packet of `family` (4 or 6).
inline const uint8_t* source_of(const uint8_t* ip, unsigned family) {
  return ip + (family == 4 ? offsetof(Ipv4, source) : offsetof(Ipv6, source));
}
inline const uint8_t* destination_of(const uint8_t* ip, unsigned family) {
  return ip + (family == 4 ? offsetof(Ipv4, destination) : offsetof(Ipv6, destination));
}
constexpr unsigned address_size(unsigned family) {
  return family == 4 ? 4 : 16;
}

struct Ipv6Fragment {
  uint8_t next_header;
  uint8_t reserved;
  Be16 offset_flags;  // offset in units of 8 bytes << 3 | more
  Be32 identification;

  // RFC 6946: the whole packet.
  bool is_atomic() const { return (offset_flags.host() & ~kReserved) == 0; }

  static constexpr uint16_t kReserved = 0x0006;
};

// A packet whose fragment header is the first behind the IPv6 header.
struct FragmentedIpv6 {
  Ipv6 ip;
  Ipv6Fragment fragment;
};

struct Udp {
  Be16 source_port;
  Be16 destination_port;
  Be16 length;
  Be16 checksum;
};

struct Tcp {
  Be16 source_port;
  Be16 destination_port;
  Be32 sequence;
  Be32 acknowledgement;
  uint8_t data_offset;  // high 4 bits, in words
  uint8_t flags;
  Be16 window;
  Be16 checksum;
  Be16 urgent;

  static constexpr uint8_t kSyn = 0x02;
};

struct Icmp {
  uint8_t type;
  uint8_t code;
  Be16 checksum;
  Be32 rest;  // unused, MTU, or identifier and sequence
};

struct Vxlan {
  uint8_t flags;
  uint8_t reserved[3];
  Be32 vni_reserved;  // VNI << 8

  static constexpr uint8_t kVniFlag = 0x08;
};

static_assert(sizeof(Ethernet) == 14 && sizeof(Ipv4) == 20 && sizeof(Ipv6) == 40);
static_assert(sizeof(Udp) == 8 && sizeof(Tcp) == 20 && sizeof(Icmp) == 8 && sizeof(Vxlan) == 8);
static_assert(sizeof(Ipv6Fragment) == 8);
static_assert(std::is_trivially_copyable_v<Ipv6> && alignof(Ipv6) == 1);

}  // namespace raven::dataplane::wire
