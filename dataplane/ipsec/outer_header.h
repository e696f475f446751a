// OuterHeader: the outer IPv4 or IPv6 header, with UDP when encapsulated, as a prebuilt template.
// SPDX-License-Identifier: Apache-2.0
//
// Immutable after create().  What differs per packet (length, DSCP/ECN, DF, identification,
// checksum) is patched by write().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/base/internet_checksum.h"
#include "common/base/result.h"
#include "dataplane/ipsec/esp_wire.h"
#include "dataplane/ipsec/sa_config.h"

namespace raven::dataplane {

inline constexpr uint32_t kOuterHeaderSizeMax = 48;  // IPv6 and UDP

// What the outer header takes over from the inner one.
struct InnerFields {
  uint8_t traffic_class;  // DSCP and ECN
  bool dont_fragment;     // always of IPv6

  static InnerFields of(const uint8_t* inner, bool v4) {
    if (v4) [[likely]]
      return {inner[1], (inner[6] & 0x40) != 0};
    return {static_cast<uint8_t>(inner[0] << 4 | inner[1] >> 4), true};
  }
};

class alignas(64) OuterHeader {
 public:
  static constexpr uint32_t kIpv4Size = 20;
  static constexpr uint32_t kIpv6Size = 40;
  static constexpr uint32_t kUdpSize = 8;

  static Result<std::unique_ptr<const OuterHeader>> create(
      const OuterAddresses& outer, const DscpRule& dscp, DfRule df
  );

  uint32_t size() const { return size_; }
  bool is_v4() const { return is_v4_; }
  // IPv6 wants a UDP checksum (RFC 8200 section 8.1): it is computed after the cipher.
  bool needs_udp_checksum() const { return has_udp_ && !is_v4_; }
  const OuterAddresses& addresses() const { return addresses_; }

  // Writes the header to `out` for a packet of `total` bytes, outer header included.  Writes whole
  // 16-byte words: 32 bytes (IPv4) or 48 (IPv6), so whatever follows is written afterwards.
  // `identification` is used only if DF ends up clear (RFC 6864).
  void write(uint8_t* out, uint32_t total, InnerFields inner, uint16_t identification) const;

  // Fills in the UDP checksum of the finished packet.  REQUIRES: needs_udp_checksum().
  void write_udp_checksum(uint8_t* packet, uint32_t total) const;

 private:
  OuterHeader() = default;
  void fill_template();
  void write_v4(
      uint8_t* out, uint32_t total, uint8_t traffic_class, bool dont_fragment,
      uint16_t identification
  ) const;
  void write_v6(uint8_t* out, uint32_t total, uint8_t traffic_class) const;

  uint8_t template_[kOuterHeaderSizeMax] = {};
  uint32_t checksum_base_ = 0;      // IPv4: sum of the template
  uint8_t traffic_class_mask_ = 0;  // bits taken from the inner packet
  uint8_t traffic_class_fixed_ = 0;
  uint8_t size_ = 0;
  bool is_v4_ = true;
  bool has_udp_ = false;
  bool df_copy_ = true;
  bool df_fixed_ = false;
  OuterAddresses addresses_;  // for those who read, not for the packet path
};

inline void OuterHeader::write(
    uint8_t* out, uint32_t total, InnerFields inner, uint16_t identification
) const {
  const auto traffic_class =
      static_cast<uint8_t>((inner.traffic_class & traffic_class_mask_) | traffic_class_fixed_);
  if (is_v4_) {
    const bool dont_fragment = (inner.dont_fragment & df_copy_) | df_fixed_;
    write_v4(out, total, traffic_class, dont_fragment, identification);
  } else {
    write_v6(out, total, traffic_class);
  }
  // The UDP checksum of the template is 0: "none" over IPv4 (RFC 3948 section 2.1).
  if (has_udp_) esp_wire::store_be16(out + size_ - 4, total - (size_ - kUdpSize));
}

inline void OuterHeader::write_v4(
    uint8_t* out, uint32_t total, uint8_t traffic_class, bool dont_fragment, uint16_t identification
) const {
  // Everything as it is in memory.
  const uint32_t tos = uint32_t{traffic_class} << 8;
  const uint32_t length = host_to_big(static_cast<uint16_t>(total));
  const uint32_t fragment = dont_fragment ? 0x00400000u : identification;
  const uint32_t sum = checksum_base_ + tos + length + (fragment & UINT16_MAX) + (fragment >> 16);
  const uint64_t checksum = static_cast<uint16_t>(~fold_checksum(sum));
  const uint64_t first = 0x45 | tos | length << 16 | uint64_t{fragment} << 32;
  const uint64_t second = load<uint64_t>(template_ + 8) | checksum << 16;
  esp_wire::store_16(out, first, second);
  esp_wire::copy_16(out + 16, template_ + 16);
}

inline void OuterHeader::write_v6(uint8_t* out, uint32_t total, uint8_t traffic_class) const {
  esp_wire::copy_16(out, template_);
  esp_wire::copy_16(out + 16, template_ + 16);
  esp_wire::copy_16(out + 32, template_ + 32);
  esp_wire::store_be16(out, 0x6000u | uint32_t{traffic_class} << 4);
  esp_wire::store_be16(out + 4, total - kIpv6Size);
}

// Largest inner packet whose ESP packet fits into `outer_mtu` (bytes, from the outer IP header on);
// 0 if none does.
uint32_t inner_size_max(const Suite& suite, const OuterAddresses& outer, uint32_t outer_mtu);

// The size of that ESP packet, from the outer IP header on: less than `outer_mtu` where the blocks
// of the cipher do not fill it.  A probe of `outer_mtu` has it, so no more than that is known to
// get through.
uint32_t outer_size_max(const Suite& suite, const OuterAddresses& outer, uint32_t outer_mtu);

}  // namespace raven::dataplane
