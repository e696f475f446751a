// Small steps on mbufs of one segment (the receive step makes all packets so).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rte_mbuf.h>

#include <cassert>
#include <cstdint>
#include <cstring>

namespace raven::dataplane {

inline uint8_t* bytes_of(rte_mbuf* packet) {
  return rte_pktmbuf_mtod(packet, uint8_t*);
}

inline void set_size(rte_mbuf* packet, uint32_t size) {
  packet->data_len = static_cast<uint16_t>(size);
  packet->pkt_len = size;
}

// Takes `size` bytes off the front.  REQUIRES: that many are there.
inline void strip_front(rte_mbuf* packet, uint32_t size) {
  assert(size <= packet->data_len);
  packet->data_off = static_cast<uint16_t>(packet->data_off + size);
  set_size(packet, packet->data_len - size);
}

// Puts `size` bytes in front, uninitialised (or, after strip_front(), those that were there).
// REQUIRES: headroom; the pool provides kHeadroom.
inline uint8_t* add_front(rte_mbuf* packet, uint32_t size) {
  assert(size <= packet->data_off);
  packet->data_off = static_cast<uint16_t>(packet->data_off - size);
  set_size(packet, packet->data_len + size);
  return bytes_of(packet);
}

// Makes the packet [data, data + size) within its buffer.
inline void place(rte_mbuf* packet, const uint8_t* data, uint32_t size) {
  packet->data_off = static_cast<uint16_t>(data - static_cast<const uint8_t*>(packet->buf_addr));
  set_size(packet, size);
}

// Bytes 0..5 of a MAC address as they are in memory.
inline uint64_t mac_word(const uint8_t* mac) {
  uint32_t low;
  uint16_t high;
  std::memcpy(&low, mac, sizeof(low));
  std::memcpy(&high, mac + 4, sizeof(high));
  return static_cast<uint64_t>(high) << 32 | low;
}

}  // namespace raven::dataplane
