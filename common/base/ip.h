// IP addresses and prefixes of both families, MAC addresses: values with strict parsers.
// SPDX-License-Identifier: Apache-2.0
//
// Parsing is strict on purpose (faults in configuration are found here): no leading zeros, no
// zone, no host bits in a prefix, no shorthand.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace raven {

enum class IpFamily : uint8_t { kV4 = 4, kV6 = 6 };

// An address; bytes are in network order.  The default value is 0.0.0.0.
class IpAddress {
 public:
  constexpr IpAddress() = default;
  static IpAddress v4(uint32_t host_order);
  static IpAddress v4_bytes(const void* four_bytes);
  static IpAddress v6_bytes(const void* sixteen_bytes);
  static Result<IpAddress> parse(std::string_view text);

  IpFamily family() const { return family_; }
  bool is_v4() const { return family_ == IpFamily::kV4; }
  unsigned bits() const { return is_v4() ? 32 : 128; }
  std::span<const uint8_t> bytes() const { return {bytes_.data(), is_v4() ? 4u : 16u}; }
  uint32_t v4_host_order() const;  // REQUIRES: is_v4()

  bool is_unspecified() const;
  bool is_loopback() const;
  bool is_multicast() const;  // and, for IPv4, broadcast and class E
  bool is_link_local() const;

  std::string text() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  IpFamily family_ = IpFamily::kV4;
  std::array<uint8_t, 16> bytes_{};
};

// A prefix without host bits.
class IpPrefix {
 public:
  constexpr IpPrefix() = default;
  // Refuses host bits ("10.1.2.3/16: has host bits, did you mean 10.1.0.0/16").
  static Result<IpPrefix> parse(std::string_view text);
  static Result<IpPrefix> make(IpAddress address, unsigned length);
  static IpPrefix host(IpAddress address) { return IpPrefix{address, address.bits()}; }
  static IpPrefix masked(IpAddress address, unsigned length);  // REQUIRES: length <= bits()

  const IpAddress& address() const { return address_; }
  unsigned length() const { return length_; }
  IpFamily family() const { return address_.family(); }
  bool contains(const IpAddress& address) const;
  bool contains(const IpPrefix& other) const;
  bool overlaps(const IpPrefix& other) const { return contains(other) || other.contains(*this); }

  std::string text() const;
  auto operator<=>(const IpPrefix&) const = default;

 private:
  IpPrefix(IpAddress address, unsigned length) : address_{address}, length_{length} {}
  IpAddress address_;
  unsigned length_ = 0;
};

struct MacAddress {
  std::array<uint8_t, 6> bytes{};
  static Result<MacAddress> parse(std::string_view text);
  bool is_zero() const { return bytes == std::array<uint8_t, 6>{}; }
  std::string text() const;
  auto operator<=>(const MacAddress&) const = default;
};

}  // namespace raven

template <>
struct std::hash<raven::IpAddress> {
  std::size_t operator()(const raven::IpAddress& address) const noexcept {
    const auto bytes = address.bytes();
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()}
    );
  }
};
