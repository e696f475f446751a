// The world of box_bench.h as the oracle knows it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::dataplane::test::world {

enum class Kind { kNone, kPods, kNodeVx, kNodeDi, kPoolB, kPoolC, kGone };

struct Prefix {
  const char* address;
  unsigned length;
  Kind kind;
};
inline constexpr Prefix kPrefixes[] = {
    {"10.1.1.0", 24, Kind::kPods},   {"fd00:1:1::", 64, Kind::kPods},
    {"10.1.2.0", 24, Kind::kNodeVx}, {"fd00:1:2::", 64, Kind::kNodeVx},
    {"10.1.3.0", 24, Kind::kNodeDi}, {"fd00:1:3::", 64, Kind::kNodeDi},
    {"10.2.0.0", 16, Kind::kPoolB},  {"fd00:2::", 32, Kind::kPoolB},
    {"10.3.0.0", 16, Kind::kPoolC},  {"10.4.0.0", 16, Kind::kGone},
};

inline bool is_local(Kind kind) {
  return kind == Kind::kPods || kind == Kind::kNodeVx || kind == Kind::kNodeDi;
}
inline bool is_remote(Kind kind) {
  return kind == Kind::kPoolB || kind == Kind::kPoolC;
}

// No prefix lies within another.
inline Kind kind_of(const Bytes& address) {
  for (const Prefix& prefix : kPrefixes) {
    const Bytes wanted = address_bytes(prefix.address);
    if (wanted.size() != address.size()) continue;
    const std::size_t bytes = prefix.length / 8;
    if (slice(wanted, 0, bytes) == slice(address, 0, bytes)) return prefix.kind;
  }
  return Kind::kNone;
}

inline const char* const kRouter = "02:00:00:00:02:01";
inline const char* const kNodeVx = "02:00:00:00:01:11";
inline const char* const kNodeDi = "02:00:00:00:01:12";
inline const char* const kOverlay = "aa:0f:f0:09:00:01";
inline const char* const kNodeOverlay = "aa:0f:f0:09:00:0b";

inline const char* const kOwnAddresses[] = {"10.9.0.1", "fd09::1", "192.0.2.1", "2001:db8::1"};
inline const char* const kNodes[] = {"10.9.0.11", "10.9.0.12", "10.9.0.13"};
inline const char* const kGatewayNodes[] = {"10.9.0.13"};  // other gateway boxes of the pool
inline const char* const kIcmpSource4 = "10.1.1.1";
inline const char* const kIcmpSource6 = "fd00:1:1::1";
inline const char* const kProbes[] = {"169.254.82.1", "169.254.82.2"};  // inside of tunnels
inline constexpr std::size_t kNodeMtu = 1500;
inline constexpr std::size_t kVxlanMtu = 1500 - 50;

template <std::size_t size>
bool is_one_of(const Bytes& address, const char* const (&list)[size]) {
  for (const char* candidate : list)
    if (address_bytes(candidate) == address) return true;
  return false;
}

}  // namespace raven::dataplane::test::world
