// SPDX-License-Identifier: Apache-2.0
#include "common/base/ip.h"

#include <arpa/inet.h>

#include <charconv>

#include "common/base/byte_order.h"

namespace raven {

IpAddress IpAddress::v4(uint32_t host_order) {
  const uint32_t wire = host_to_big(host_order);
  return v4_bytes(&wire);
}

IpAddress IpAddress::v4_bytes(const void* four_bytes) {
  IpAddress address;
  std::memcpy(address.bytes_.data(), four_bytes, 4);
  return address;
}

IpAddress IpAddress::v6_bytes(const void* sixteen_bytes) {
  IpAddress address;
  address.family_ = IpFamily::kV6;
  std::memcpy(address.bytes_.data(), sixteen_bytes, 16);
  return address;
}

// inet_pton is strict about IPv4 (four decimal parts) but takes leading zeros on some systems.
static bool has_leading_zero(std::string_view text) {
  bool part_start = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit_follows = i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9';
    if (part_start && text[i] == '0' && digit_follows) return true;
    part_start = text[i] == '.';
  }
  return false;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  char copy[INET6_ADDRSTRLEN] = {};  // inet_pton wants its end marked
  std::array<uint8_t, 16> bytes{};
  if (text.size() < sizeof(copy)) {
    text.copy(copy, text.size());
    if (text.find(':') != std::string_view::npos) {
      if (inet_pton(AF_INET6, copy, bytes.data()) == 1) return v6_bytes(bytes.data());
    } else if (!has_leading_zero(text) && inet_pton(AF_INET, copy, bytes.data()) == 1) {
      return v4_bytes(bytes.data());
    }
  }
  return Error{ErrorCode::kInvalid, "'" + std::string{text} + "' is not an IP address"};
}

uint32_t IpAddress::v4_host_order() const {
  uint32_t wire;
  std::memcpy(&wire, bytes_.data(), 4);
  return host_to_big(wire);
}

bool IpAddress::is_unspecified() const {
  return bytes_ == std::array<uint8_t, 16>{};
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[0] == 127;
  std::array<uint8_t, 16> one{};
  one[15] = 1;
  return bytes_ == one;
}

bool IpAddress::is_multicast() const {
  return is_v4() ? bytes_[0] >= 224 : bytes_[0] == 0xff;
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

std::string IpAddress::text() const {
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), buffer, sizeof(buffer));
  return buffer;
}

IpPrefix IpPrefix::masked(IpAddress address, unsigned length) {
  std::array<uint8_t, 16> bytes{};
  const auto source = address.bytes();
  for (unsigned i = 0; i < source.size(); ++i) {
    const unsigned kept = length >= (i + 1) * 8 ? 8 : (length <= i * 8 ? 0 : length - i * 8);
    bytes[i] = static_cast<uint8_t>(source[i] & (0xff00u >> kept));
  }
  const IpAddress base =
      address.is_v4() ? IpAddress::v4_bytes(bytes.data()) : IpAddress::v6_bytes(bytes.data());
  return IpPrefix{base, length};
}

Result<IpPrefix> IpPrefix::make(IpAddress address, unsigned length) {
  if (length <= address.bits()) {
    const IpPrefix prefix = masked(address, length);
    if (prefix.address_ == address) return prefix;
    return Error{
        ErrorCode::kInvalid,
        IpPrefix{address, length}.text() + ": has host bits, did you mean " + prefix.text()};
  }
  return Error{
      ErrorCode::kInvalid, IpPrefix{address, length}.text() + ": prefix length is over " +
                               std::to_string(address.bits())};
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos)
    return Error{
        ErrorCode::kInvalid, "'" + std::string{text} + "' is not a prefix: '/length' is missing"};
  RAVEN_ASSIGN(const IpAddress address, IpAddress::parse(text.substr(0, slash)));
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const bool leading_zero = digits.size() > 1 && digits.front() == '0';
  if (code != std::errc{} || end != digits.data() + digits.size() || leading_zero)
    return Error{
        ErrorCode::kInvalid, "'" + std::string{text} + "': the prefix length is not a number"};
  return make(address, length);
}

bool IpPrefix::contains(const IpAddress& address) const {
  if (address.family() != family()) return false;
  const auto ours = address_.bytes(), theirs = address.bytes();
  const unsigned whole = length_ / 8, rest = length_ % 8;
  if (std::memcmp(ours.data(), theirs.data(), whole) != 0) return false;
  return rest == 0 || ((ours[whole] ^ theirs[whole]) & (0xff00u >> rest) & 0xffu) == 0;
}

bool IpPrefix::contains(const IpPrefix& other) const {
  return other.length_ >= length_ && contains(other.address_);
}

std::string IpPrefix::text() const {
  return address_.text() + "/" + std::to_string(length_);
}

Result<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  const Error bad{
      ErrorCode::kInvalid, "'" + std::string{text} + "' is not a MAC address (aa:bb:cc:dd:ee:ff)"};
  if (text.size() != 17) return bad;
  for (std::size_t i = 0; i < 6; ++i) {
    const char* part = text.data() + i * 3;
    const auto [end, code] = std::from_chars(part, part + 2, mac.bytes[i], 16);
    if (code != std::errc{} || end != part + 2 || (i < 5 && part[2] != ':')) return bad;
  }
  return mac;
}

std::string MacAddress::text() const {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const uint8_t byte : bytes) {
    if (!out.empty()) out += ':';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

}  // namespace raven
