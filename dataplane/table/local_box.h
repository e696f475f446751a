// LocalBox: what the packet path must know about the machine it runs on.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: built by control (from the kernel's addresses and the desired state), then read-only.
#pragma once

#include <emmintrin.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "common/base/ip.h"

namespace raven::dataplane {

class LocalBox {
 public:
  // An address of the box itself on any port: ESP, VXLAN and probes to it are ours, the rest is
  // the kernel's.
  void add_address(const IpAddress& address);

  // Source of the ICMP errors we send.  It must be in the local prefixes, else the peer's
  // anti-spoofing drops them.  Without one the destination of the packet in question stands in.
  void set_icmp_source(const IpAddress& address);

  // MAC of the local end of the VXLAN overlay (aa:0f + the 240.x address); zero: any is accepted.
  void set_overlay_mac(const MacAddress& mac) { overlay_mac_ = mac; }

  // Network order, any alignment.
  bool owns_v4(const void* address) const {
    uint32_t raw;
    std::memcpy(&raw, address, sizeof(raw));
    const __m128i wanted = _mm_set1_epi32(static_cast<int>(raw));
    for (const V4Group& group : v4_) {
      const __m128i own = _mm_load_si128(reinterpret_cast<const __m128i*>(group.addresses));
      if (_mm_movemask_epi8(_mm_cmpeq_epi32(wanted, own)) != 0) return true;
    }
    return false;
  }
  bool owns_v6(const void* address) const;

  // nullptr: none set.
  const uint8_t* icmp_source_v4() const { return has_source_v4_ ? source_v4_.data() : nullptr; }
  const uint8_t* icmp_source_v6() const { return has_source_v6_ ? source_v6_.data() : nullptr; }
  const MacAddress& overlay_mac() const { return overlay_mac_; }

 private:
  // As loaded from the wire; a handful.  Compared four at a time: each packet asks.
  struct alignas(16) V4Group {
    uint32_t addresses[4];
  };
  std::vector<V4Group> v4_;
  unsigned v4_count_ = 0;
  std::vector<std::array<uint8_t, 16>> v6_;
  std::array<uint8_t, 4> source_v4_{};
  std::array<uint8_t, 16> source_v6_{};
  bool has_source_v4_ = false;
  bool has_source_v6_ = false;
  MacAddress overlay_mac_;
};

}  // namespace raven::dataplane
