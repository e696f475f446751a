// Headers and payloads of IPv4 fragments.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stage/ipv4_fragments.h"

#include <cstring>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/mbuf.h"
#include "dataplane/packet/meta.h"

namespace raven::dataplane::stage {
namespace {

// Header of a later fragment: the options whose "copied" bit is set (RFC 791 section 3.1).
uint32_t write_later_header(const uint8_t* first, uint32_t first_size, uint8_t* later) {
  std::memcpy(later, first, sizeof(wire::Ipv4));
  uint32_t size = sizeof(wire::Ipv4);
  for (uint32_t at = sizeof(wire::Ipv4); at < first_size && first[at] != 0;) {
    const uint32_t option_size = first[at] == 1 ? 1 : first[at + 1];  // parse_ip() checked them
    if ((first[at] & 0x80) != 0) {
      std::memcpy(later + size, first + at, option_size);
      size += option_size;
    }
    at += option_size;
  }
  while (size % 4 != 0) later[size++] = 0;
  later[0] = static_cast<uint8_t>(0x40 | size / 4);
  return size;
}

void finish_header(wire::Ipv4& ip, uint32_t size, uint32_t offset, bool more) {
  const uint32_t flags = (offset / 8) | (more ? uint32_t{wire::Ipv4::kMoreFragments} : 0u);
  ip.total_length = Be16::from_host(static_cast<uint16_t>(size));
  ip.fragment = Be16::from_host(static_cast<uint16_t>(flags));
  ip.checksum = Be16::from_host(0);
  ip.checksum = checksum_of(&ip, ip.header_size());
}

}  // namespace

Ipv4Cut plan_cut(const wire::Ipv4& ip, uint32_t size, uint32_t mtu) {
  Ipv4Cut plan{};
  plan.header_size = ip.header_size();
  plan.payload_size = size - plan.header_size;
  plan.step = mtu > plan.header_size ? (mtu - plan.header_size) & ~7u : 0;
  plan.count = plan.step == 0 ? UINT32_MAX : (plan.payload_size + plan.step - 1) / plan.step;
  return plan;
}

void cut(rte_mbuf* packet, const Ipv4Cut& plan, rte_mbuf** later) {
  uint8_t* bytes = bytes_of(packet);
  auto& ip = *reinterpret_cast<wire::Ipv4*>(bytes);
  const uint32_t base = ip.fragment_offset();  // it may be a fragment itself
  const bool more_follow = (ip.fragment.host() & wire::Ipv4::kMoreFragments) != 0;
  for (uint32_t i = 1; i < plan.count; ++i) {
    rte_mbuf* piece = later[i - 1];
    const uint32_t at = i * plan.step;
    const bool last = i + 1 == plan.count;
    const uint32_t payload = last ? plan.payload_size - at : plan.step;
    const uint32_t header = write_later_header(bytes, plan.header_size, bytes_of(piece));
    std::memcpy(bytes_of(piece) + header, bytes + plan.header_size + at, payload);
    set_size(piece, header + payload);
    meta(piece) = meta(packet);
    meta(piece).l4_offset = 0;
    auto& piece_ip = *reinterpret_cast<wire::Ipv4*>(bytes_of(piece));
    finish_header(piece_ip, header + payload, base + at, !last || more_follow);
  }
  set_size(packet, plan.header_size + plan.step);
  finish_header(ip, packet->data_len, base, true);
}

}  // namespace raven::dataplane::stage
