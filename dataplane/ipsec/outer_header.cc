// Building and patching the outer header, and the room that ESP takes.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/outer_header.h"

#include <emmintrin.h>

#include <cstring>

#include "common/base/byte_order.h"
#include "common/base/internet_checksum.h"

namespace raven::dataplane {
namespace {

constexpr uint8_t kProtocolUdp = 17;
constexpr uint8_t kProtocolEsp = 50;
constexpr uint8_t kTtl = 64;  // fresh, not that of the inner packet (RFC 4301 section 5.1.2)
constexpr uint8_t kEcnMask = 0x03;
constexpr uint32_t kIpv4Size = 20;
constexpr uint32_t kIpv6Size = 40;
constexpr uint32_t kUdpSize = 8;
constexpr uint64_t kDontFragment = 0x0040;  // of the flags word, as it lies in memory

void copy_16(uint8_t* out, const uint8_t* in) {
  _mm_storeu_si128(
      reinterpret_cast<__m128i*>(out), _mm_loadu_si128(reinterpret_cast<const __m128i*>(in))
  );
}

void store_be16(uint8_t* out, uint32_t value) {
  const Be16 wire = Be16::from_host(static_cast<uint16_t>(value));
  std::memcpy(out, &wire, sizeof(wire));
}

uint32_t outer_size(const OuterAddresses& outer) {
  return (outer.source.is_v4() ? kIpv4Size : kIpv6Size) + (outer.udp_encapsulated() ? kUdpSize : 0);
}

void copy_address(uint8_t* out, const IpAddress& address) {
  std::memcpy(out, address.bytes().data(), address.bytes().size());
}

}  // namespace

Result<std::unique_ptr<const OuterHeader>> OuterHeader::create(
    const OuterAddresses& outer, const DscpRule& dscp, DfRule df
) {
  RAVEN_TRY(validate(outer));
  std::unique_ptr<OuterHeader> header{new OuterHeader};
  header->addresses_ = outer;
  header->size_ = static_cast<uint8_t>(outer_size(outer));
  header->is_v4_ = outer.source.is_v4();
  header->has_udp_ = outer.udp_encapsulated();
  // ECN always follows the inner packet: normal mode of RFC 6040 section 4.1.
  header->traffic_class_mask_ = dscp.copy ? 0xff : kEcnMask;
  header->traffic_class_fixed_ = dscp.copy ? 0 : static_cast<uint8_t>(dscp.value << 2);
  header->df_copy_ = df == DfRule::kCopy;
  header->df_fixed_ = df == DfRule::kSet;

  uint8_t* bytes = header->template_;
  const uint8_t protocol = header->has_udp_ ? kProtocolUdp : kProtocolEsp;
  const uint32_t ip_size = header->is_v4_ ? kIpv4Size : kIpv6Size;
  if (header->is_v4_) {
    bytes[0] = 0x45;
    bytes[8] = kTtl;
    bytes[9] = protocol;
    copy_address(bytes + 12, outer.source);
    copy_address(bytes + 16, outer.destination);
    header->checksum_base_ = fold_checksum(add_to_checksum(0, bytes, kIpv4Size));
  } else {
    bytes[0] = 0x60;
    bytes[6] = protocol;
    bytes[7] = kTtl;
    copy_address(bytes + 8, outer.source);
    copy_address(bytes + 24, outer.destination);
  }
  if (header->has_udp_) {
    store_be16(bytes + ip_size, outer.source_port);
    store_be16(bytes + ip_size + 2, outer.destination_port);
  }
  return std::unique_ptr<const OuterHeader>{std::move(header)};
}

void OuterHeader::write(uint8_t* out, uint32_t total, InnerFields inner, uint16_t identification)
    const {
  const auto traffic_class =
      static_cast<uint8_t>((inner.traffic_class & traffic_class_mask_) | traffic_class_fixed_);
  if (is_v4_) {
    const bool dont_fragment = (inner.dont_fragment && df_copy_) || df_fixed_;
    write_v4(out, total, traffic_class, dont_fragment, identification);
  } else {
    write_v6(out, total, traffic_class);
  }
  // The UDP checksum of the template is 0: "none" over IPv4 (RFC 3948 section 2.1).
  if (has_udp_) store_be16(out + size_ - 4, total - (size_ - kUdpSize));
}

void OuterHeader::write_v4(
    uint8_t* out, uint32_t total, uint8_t traffic_class, bool dont_fragment, uint16_t identification
) const {
  const uint64_t length = host_to_big(static_cast<uint16_t>(total));
  const uint64_t flags = dont_fragment ? kDontFragment : 0;
  const uint64_t id = dont_fragment ? 0 : identification;
  const uint64_t tos = uint64_t{traffic_class} << 8;
  const uint64_t sum = checksum_base_ + tos + length + id + flags;
  const uint64_t checksum = static_cast<uint16_t>(~fold_checksum(sum));

  uint64_t second;
  std::memcpy(&second, template_ + 8, sizeof(second));
  const uint64_t words[] = {
      0x45 | tos | length << 16 | id << 32 | flags << 48, second | checksum << 16};
  std::memcpy(out, words, sizeof(words));
  copy_16(out + 16, template_ + 16);
}

void OuterHeader::write_v6(uint8_t* out, uint32_t total, uint8_t traffic_class) const {
  copy_16(out, template_);
  copy_16(out + 16, template_ + 16);
  copy_16(out + 32, template_ + 32);
  store_be16(out, 0x6000u | uint32_t{traffic_class} << 4);
  store_be16(out + 4, total - kIpv6Size);
}

void OuterHeader::write_udp_checksum(uint8_t* packet, uint32_t total) const {
  const uint32_t udp_size = total - kIpv6Size;
  uint8_t* field = packet + kIpv6Size + 6;
  store_be16(field, 0);
  // Pseudo header: addresses, length, protocol (RFC 8200 section 8.1).
  uint64_t sum = host_to_big(udp_size) + uint64_t{host_to_big(uint32_t{kProtocolUdp})};
  sum = add_to_checksum(sum, packet + 8, kIpv6Size - 8 + udp_size);
  const auto checksum = static_cast<uint16_t>(~fold_checksum(sum));
  const uint16_t on_wire = checksum == 0 ? UINT16_MAX : checksum;  // 0 would say "none"
  std::memcpy(field, &on_wire, sizeof(on_wire));
}

uint32_t inner_size_max(const Suite& suite, const OuterAddresses& outer, uint32_t outer_mtu) {
  const uint32_t around = outer_size(outer) + kEspHeaderSize + suite.iv_size + suite.icv_size;
  if (outer_mtu <= around) return 0;
  const uint32_t text = (outer_mtu - around) / suite.block_size * suite.block_size;
  return text > 2 ? text - 2 : 0;
}

}  // namespace raven::dataplane
