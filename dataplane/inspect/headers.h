// Headers: what the bytes of a packet say, for filters and for people.
// SPDX-License-Identifier: Apache-2.0
//
// Judges nothing: what is malformed is shown as far as it can be read.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/ip.h"

namespace raven::dataplane {

// What is at the data pointer of a packet.
enum class Layer : uint8_t { kEthernet, kIp };

struct Headers {
  uint16_t ether_type = 0;   // of a frame
  uint8_t family = 0;        // 4, 6; 0: no IP packet, or a malformed one
  uint8_t protocol = 0;      // behind all extension headers
  bool is_fragment = false;  // first or later
  uint8_t icmp_type = 0;
  uint8_t icmp_code = 0;
  uint8_t tcp_flags = 0;
  uint16_t l4_offset = 0;  // from the first byte; 0: not in this packet
  uint16_t source_port = 0;
  uint16_t destination_port = 0;  // TCP, UDP
  uint32_t spi = 0;               // ESP, in UDP as well; 0: none
  uint32_t sequence = 0;          // of ESP: the low 32 bits
  IpAddress source, destination;
};

Headers read_headers(const uint8_t* bytes, uint32_t size, Layer layer);

// The packet of a pod inside VXLAN; family 0: there is none.  `outer` is of the same bytes.
Headers read_vxlan_inner(const uint8_t* bytes, uint32_t size, const Headers& outer);

// "ICMP 10.1.1.1 > 10.2.1.1 echo request", "ESP 192.0.2.1 > 192.0.2.2 spi 00001001 seq 7".
std::string summary(const Headers& headers);

}  // namespace raven::dataplane
