// Attributes: the attributes of one rtnetlink message, bounds-checked.
// SPDX-License-Identifier: Apache-2.0
//
// A view: valid as long as the message.  Unknown attributes are skipped; one that is shorter than
// what is read from it reads as absent.
#pragma once

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ip.h"

namespace raven::netlink {

class Attributes {
 public:
  // The attributes behind a fixed header; nothing if the message is shorter than that header or
  // its attributes are malformed.
  static std::optional<Attributes> parse(
      const nlmsghdr* message, std::size_t header_size, int type_max
  ) {
    if (nlmsg_datalen(message) < static_cast<int>(header_size)) return std::nullopt;
    const int size = static_cast<int>(header_size);
    return parse(nlmsg_attrdata(message, size), nlmsg_attrlen(message, size), type_max);
  }

  bool has(int type) const { return find(type) != nullptr; }

  template <class T>
  std::optional<T> number(int type) const {
    const nlattr* attribute = find(type);
    if (attribute == nullptr || nla_len(attribute) < static_cast<int>(sizeof(T)))
      return std::nullopt;
    T value;
    std::memcpy(&value, nla_data(attribute), sizeof value);
    return value;
  }
  uint32_t u32(int type) const { return number<uint32_t>(type).value_or(0); }

  std::string text(int type) const {
    const nlattr* attribute = find(type);
    if (attribute == nullptr) return "";
    const auto* start = static_cast<const char*>(nla_data(attribute));
    return {start, strnlen(start, static_cast<std::size_t>(nla_len(attribute)))};
  }

  std::optional<IpAddress> address(int type) const {
    const nlattr* attribute = find(type);
    if (attribute == nullptr) return std::nullopt;
    if (nla_len(attribute) == 4) return IpAddress::v4_bytes(nla_data(attribute));
    if (nla_len(attribute) == 16) return IpAddress::v6_bytes(nla_data(attribute));
    return std::nullopt;
  }

  std::optional<MacAddress> mac(int type) const {
    const nlattr* attribute = find(type);
    if (attribute == nullptr || nla_len(attribute) != 6) return std::nullopt;
    MacAddress mac;
    std::memcpy(mac.bytes.data(), nla_data(attribute), 6);
    return mac;
  }

  std::optional<Attributes> nested(int type, int type_max) const {
    const nlattr* attribute = find(type);
    if (attribute == nullptr) return std::nullopt;
    return parse(static_cast<nlattr*>(nla_data(attribute)), nla_len(attribute), type_max);
  }

 private:
  static std::optional<Attributes> parse(nlattr* head, int size, int type_max) {
    Attributes result;
    result.table_.resize(static_cast<std::size_t>(type_max) + 1);
    if (nla_parse(result.table_.data(), type_max, head, size, nullptr) < 0) return std::nullopt;
    return result;
  }
  const nlattr* find(int type) const { return table_[static_cast<std::size_t>(type)]; }

  std::vector<nlattr*> table_;
};

}  // namespace raven::netlink
