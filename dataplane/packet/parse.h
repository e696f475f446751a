// Parsing of IP headers: every length is checked before it is used, every loop is bounded.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/wire.h"

namespace raven::dataplane {

enum class IpVerdict : uint8_t { kOk, kMalformed, kSourceRoute };

// An IP packet whose headers lie within its bytes.
struct IpView {
  uint8_t family = 0;        // 4 or 6
  uint8_t protocol = 0;      // behind all extension headers
  uint16_t size = 0;         // of the whole packet, as its header says
  uint16_t l4_offset = 0;    // 0: not in this packet (later fragment, or nothing follows)
  bool is_fragment = false;  // first or later
};

enum class HeaderChecksum : uint8_t { kVerify, kTrust };

namespace internal {
IpVerdict parse_ipv4_options(
    const uint8_t* data, uint32_t available, IpView& view, HeaderChecksum checksum
);
IpVerdict parse_ipv6(const uint8_t* data, uint32_t available, IpView& view);
}  // namespace internal

// RFC 791, RFC 1812 section 5.2.2.
inline IpVerdict parse_ipv4(
    const uint8_t* data, uint32_t available, IpView& view, HeaderChecksum checksum
) {
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(data);
  if (available < sizeof(ip)) [[unlikely]]
    return IpVerdict::kMalformed;
  if (ip.version_ihl != 0x45) [[unlikely]]
    return internal::parse_ipv4_options(data, available, view, checksum);
  const unsigned total = ip.total_length.host();
  if (total < sizeof(ip) || total > available) [[unlikely]]
    return IpVerdict::kMalformed;
  if (checksum == HeaderChecksum::kVerify && !checksum_holds(data, sizeof(ip))) [[unlikely]]
    return IpVerdict::kMalformed;
  view.family = 4;
  view.protocol = ip.protocol;
  view.size = static_cast<uint16_t>(total);
  view.is_fragment = ip.is_fragment();
  view.l4_offset = ip.fragment_offset() == 0 ? uint16_t{sizeof(ip)} : uint16_t{0};
  return IpVerdict::kOk;
}

// `available`: readable bytes from `data` on; the packet may be shorter (Ethernet padding).
inline IpVerdict parse_ip(
    const uint8_t* data, uint32_t available, IpView& view,
    HeaderChecksum checksum = HeaderChecksum::kVerify
) {
  if (available == 0) return IpVerdict::kMalformed;
  if (data[0] >> 4 == 6) [[unlikely]]
    return internal::parse_ipv6(data, available, view);
  return parse_ipv4(data, available, view, checksum);
}

// A header at `offset` of an IP packet, null if it does not lie within it.
template <class T>
const T* view_at(const uint8_t* packet, uint32_t size, uint32_t offset) {
  return offset + sizeof(T) <= size ? reinterpret_cast<const T*>(packet + offset) : nullptr;
}
template <class T>
T* view_at(uint8_t* packet, uint32_t size, uint32_t offset) {
  return offset + sizeof(T) <= size ? reinterpret_cast<T*>(packet + offset) : nullptr;
}

}  // namespace raven::dataplane
