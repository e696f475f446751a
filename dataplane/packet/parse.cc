// The rare parts of IP parsing: IPv4 options, IPv6 extension headers.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/parse.h"

namespace raven::dataplane::internal {
namespace {

constexpr uint8_t kOptionEnd = 0;
constexpr uint8_t kOptionNop = 1;
constexpr uint8_t kOptionLooseSourceRoute = 131;
constexpr uint8_t kOptionStrictSourceRoute = 137;

// More than any real packet has; a chain of 100 must not cost 100 cache lines (RFC 7045).
constexpr unsigned kExtensionHeadersMax = 8;

struct Extension {
  uint8_t next_header;
  uint8_t length;  // in 8 bytes, without the first 8
  uint8_t routing_type;
  uint8_t segments_left;
};

// Options are passed on as they are, but a source route is refused (RFC 7126 section 4.3, 4.4).
IpVerdict check_options(const uint8_t* option, const uint8_t* end) {
  while (option < end && *option != kOptionEnd) {
    if (*option == kOptionNop) {
      ++option;
      continue;
    }
    if (end - option < 2 || option[1] < 2 || option[1] > end - option) return IpVerdict::kMalformed;
    if (*option == kOptionLooseSourceRoute || *option == kOptionStrictSourceRoute)
      return IpVerdict::kSourceRoute;
    option += option[1];
  }
  return IpVerdict::kOk;
}

}  // namespace

// REQUIRES: a header without options is readable.
IpVerdict parse_ipv4_options(
    const uint8_t* data, uint32_t available, IpView& view, HeaderChecksum checksum
) {
  const auto& ip = *reinterpret_cast<const wire::Ipv4*>(data);
  const unsigned header_size = ip.header_size();
  const unsigned total = ip.total_length.host();
  if (ip.version_ihl >> 4 != 4 || header_size < sizeof(ip) || total < header_size ||
      total > available)
    return IpVerdict::kMalformed;
  if (checksum == HeaderChecksum::kVerify && !checksum_holds(data, header_size))
    return IpVerdict::kMalformed;
  view.family = 4;
  view.protocol = ip.protocol;
  view.size = static_cast<uint16_t>(total);
  view.is_fragment = ip.is_fragment();
  view.l4_offset = ip.fragment_offset() == 0 ? static_cast<uint16_t>(header_size) : uint16_t{0};
  return check_options(data + sizeof(ip), data + header_size);
}

// RFC 8200 section 4.  Stops at the first header that is not an extension.
IpVerdict parse_ipv6(const uint8_t* data, uint32_t available, IpView& view) {
  const auto* ip = view_at<wire::Ipv6>(data, available, 0);
  if (ip == nullptr) return IpVerdict::kMalformed;
  const uint32_t size = sizeof(*ip) + ip->payload_length.host();
  if (size > available || size > UINT16_MAX) return IpVerdict::kMalformed;
  view = {.family = 6, .protocol = ip->next_header, .size = static_cast<uint16_t>(size)};

  uint32_t offset = sizeof(*ip);
  for (unsigned headers = 0; headers <= kExtensionHeadersMax; ++headers) {
    const uint8_t protocol = view.protocol;
    if (protocol == wire::kNoNext) return IpVerdict::kOk;
    const bool extension = protocol == wire::kRouting || protocol == wire::kFragment ||
                           protocol == wire::kDestinationOptions || protocol == wire::kHopByHop;
    if (!extension) {
      view.l4_offset = static_cast<uint16_t>(offset);
      return IpVerdict::kOk;
    }
    if (protocol == wire::kHopByHop && headers > 0) return IpVerdict::kMalformed;
    const auto* header = view_at<Extension>(data, size, offset);
    if (header == nullptr || offset + 8 > size) return IpVerdict::kMalformed;
    // RFC 5095: routing type 0 must not be processed.
    if (protocol == wire::kRouting && header->routing_type == 0) return IpVerdict::kSourceRoute;
    view.protocol = header->next_header;
    if (protocol == wire::kFragment) {
      const auto* fragment = view_at<wire::Ipv6Fragment>(data, size, offset);
      view.is_fragment = true;
      offset += sizeof(*fragment);
      if ((fragment->offset_flags.host() & 0xfff8) != 0) return IpVerdict::kOk;
    } else {
      offset += 8u + header->length * 8u;
      if (offset > size) return IpVerdict::kMalformed;
    }
  }
  return IpVerdict::kMalformed;
}

}  // namespace raven::dataplane::internal
