// OuterHeader: the outer IPv4 or IPv6 header, with UDP when encapsulated, as a prebuilt template.
// SPDX-License-Identifier: Apache-2.0
//
// Immutable after create().  What differs per packet (length, DSCP/ECN, DF, identification,
// checksum) is patched by write().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/base/result.h"
#include "dataplane/ipsec/sa_config.h"

namespace raven::dataplane {

inline constexpr std::size_t kOuterHeaderSizeMax = 48;  // IPv6 and UDP

// What the outer header takes over from the inner one.
struct InnerFields {
  uint8_t traffic_class;  // DSCP and ECN
  bool dont_fragment;
};

class alignas(64) OuterHeader {
 public:
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

// Largest inner packet whose ESP packet fits into `outer_mtu` (bytes, from the outer IP header on);
// 0 if none does.
uint32_t inner_size_max(const Suite& suite, const OuterAddresses& outer, uint32_t outer_mtu);

}  // namespace raven::dataplane
