// Building the outer header, its UDP checksum, and the room that ESP takes.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/outer_header.h"

#include <cstring>

namespace raven::dataplane {
namespace {

constexpr uint8_t kProtocolUdp = 17;
constexpr uint8_t kProtocolEsp = 50;
constexpr uint8_t kTtl = 64;  // fresh, not that of the inner packet (RFC 4301 section 5.1.2)
constexpr uint8_t kEcnMask = 0x03;
using esp_wire::store_be16;

uint32_t outer_size(const OuterAddresses& outer) {
  return (outer.source.is_v4() ? OuterHeader::kIpv4Size : OuterHeader::kIpv6Size) +
         (outer.udp_encapsulated() ? OuterHeader::kUdpSize : 0);
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

  header->fill_template();
  return std::unique_ptr<const OuterHeader>{std::move(header)};
}

void OuterHeader::fill_template() {
  uint8_t* bytes = template_;
  const uint8_t protocol = has_udp_ ? kProtocolUdp : kProtocolEsp;
  const uint32_t ip_size = is_v4_ ? kIpv4Size : kIpv6Size;
  if (is_v4_) {
    bytes[0] = 0x45;
    bytes[8] = kTtl;
    bytes[9] = protocol;
    copy_address(bytes + 12, addresses_.source);
    copy_address(bytes + 16, addresses_.destination);
    checksum_base_ = fold_checksum(add_to_checksum(0, bytes, kIpv4Size));
  } else {
    bytes[0] = 0x60;
    bytes[6] = protocol;
    bytes[7] = kTtl;
    copy_address(bytes + 8, addresses_.source);
    copy_address(bytes + 24, addresses_.destination);
  }
  if (has_udp_) {
    store_be16(bytes + ip_size, addresses_.source_port);
    store_be16(bytes + ip_size + 2, addresses_.destination_port);
  }
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

namespace {

uint32_t size_around(const Suite& suite, const OuterAddresses& outer) {
  return outer_size(outer) + kEspHeaderSize + suite.iv_size + suite.icv_size;
}

uint32_t text_size_max(const Suite& suite, const OuterAddresses& outer, uint32_t outer_mtu) {
  const uint32_t around = size_around(suite, outer);
  return outer_mtu <= around ? 0 : (outer_mtu - around) / suite.block_size * suite.block_size;
}

}  // namespace

uint32_t inner_size_max(const Suite& suite, const OuterAddresses& outer, uint32_t outer_mtu) {
  const uint32_t text = text_size_max(suite, outer, outer_mtu);
  return text > 2 ? text - 2 : 0;
}

uint32_t outer_size_max(const Suite& suite, const OuterAddresses& outer, uint32_t outer_mtu) {
  const uint32_t text = text_size_max(suite, outer, outer_mtu);
  return text == 0 ? outer_mtu : size_around(suite, outer) + text;
}

}  // namespace raven::dataplane
