// RFC 791 section 3.2, RFC 8200 section 4.5.
// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/differential/sent_pieces.h"

#include <utility>

#include "tests/integration/differential/reference_ip.h"

namespace raven::dataplane::test {
namespace {

constexpr std::size_t kHeader4 = 20, kHeader6 = 40, kFragmentHeader = 8;

bool is_v4(const Bytes& ip) {
  return ip[0] >> 4 == 4;
}

struct Place {
  std::size_t offset;
  bool more;
};

Place place_of(const Bytes& ip) {
  const unsigned word = u16_at(ip, is_v4(ip) ? 6 : kHeader6 + 2);
  if (is_v4(ip)) return {(word & 0x1fff) * std::size_t{8}, (word & 0x2000) != 0};
  return {word & 0xfff8u, (word & 1) != 0};
}

// What is the same in all pieces.
Bytes common_header(const Bytes& ip) {
  Bytes header = slice(ip, 0, is_v4(ip) ? kHeader4 : kHeader6 + kFragmentHeader);
  set_u16(header, is_v4(ip) ? 2 : 4, 0);
  set_u16(header, is_v4(ip) ? 6 : kHeader6 + 2, 0);
  if (is_v4(ip)) set_u16(header, 10, 0);
  return header;
}

bool header_is_right(const Bytes& ip) {
  if (!is_v4(ip)) return u16_at(ip, 4) == ip.size() - kHeader6 && ip[kHeader6 + 1] == 0;
  return u16_at(ip, 2) == ip.size() && ipv4_checksum_holds(ip) && (ip[6] & 0xc0) == 0;
}

Bytes put_together(const Bytes& header, const Bytes& payload) {
  if (is_v4(header)) {
    Bytes whole = header + payload;
    set_u16(whole, 2, static_cast<uint16_t>(whole.size()));
    fix_header_checksum(whole);
    return whole;
  }
  Bytes whole = slice(header, 0, kHeader6) + payload;
  set_u16(whole, 4, static_cast<uint16_t>(payload.size()));
  whole[6] = header[kHeader6];
  return whole;
}

}  // namespace

bool SentPieces::is_piece(const Bytes& ip) {
  if (ip.size() < kHeader4) return false;
  if (is_v4(ip)) return (u16_at(ip, 6) & 0x3fff) != 0;
  return ip.size() > kHeader6 + kFragmentHeader && ip[6] == 44;
}

std::size_t SentPieces::count_of(std::size_t size, bool v4) const {
  if (size <= path_mtu_) return 1;
  const std::size_t header = v4 ? kHeader4 : kHeader6;
  const std::size_t most = (path_mtu_ - header - (v4 ? 0 : kFragmentHeader)) / 8 * 8;
  return (size - header + most - 1) / most;
}

SentPieces::Result SentPieces::add(const Bytes& ip) {
  const Place place = place_of(ip);
  const Bytes header = common_header(ip), payload = slice(ip, header.size());
  if (payload_.empty()) header_ = header;
  if (!header_is_right(ip) || header != header_ || place.offset != payload_.size()) return {};
  if (ip.size() > path_mtu_) return {};
  if (place.more && (payload.size() % 8 != 0 || ip.size() + 8 <= path_mtu_)) return {};
  payload_ = payload_ + payload;
  if (place.more) return {true, {}};
  return {true, put_together(header_, std::exchange(payload_, {}))};
}

}  // namespace raven::dataplane::test
