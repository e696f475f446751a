// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/address.h"

#include <fmt/format.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "common/netlink/attributes.h"
#include "common/netlink/codec.h"

namespace raven::netlink {
namespace {

Message request(uint16_t type, uint16_t flags, const Address& address) {
  ifaddrmsg header{};
  header.ifa_family = family_number(address.address.family());
  header.ifa_prefixlen = static_cast<uint8_t>(address.prefix_length);
  header.ifa_scope = static_cast<uint8_t>(address.scope);
  header.ifa_index = address.link;
  Message message{type, flags};
  message.header(header);
  message.add_address(IFA_LOCAL, address.address);
  message.add_address(IFA_ADDRESS, address.address);
  return message;
}

}  // namespace

std::string Address::text() const {
  return fmt::format("{}/{} dev {}", address.text(), prefix_length, link);
}

std::optional<Address> parse_address(const nlmsghdr* message) {
  const auto attributes = Attributes::parse(message, sizeof(ifaddrmsg), IFA_MAX);
  if (!attributes) return std::nullopt;
  const auto* header = static_cast<const ifaddrmsg*>(nlmsg_data(message));
  // On a point-to-point link IFA_ADDRESS is the other end.
  auto local = attributes->address(IFA_LOCAL);
  if (!local) local = attributes->address(IFA_ADDRESS);
  if (!local || header->ifa_prefixlen > local->bits()) return std::nullopt;
  return Address{
      .link = header->ifa_index,
      .address = *local,
      .prefix_length = header->ifa_prefixlen,
      .scope = static_cast<AddressScope>(header->ifa_scope),
  };
}

Message address_dump_request(IpFamily family) {
  ifaddrmsg header{};
  header.ifa_family = family_number(family);
  Message message{RTM_GETADDR, NLM_F_DUMP};
  message.header(header);
  return message;
}

Message put_request(const Address& address) {
  return request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, address);
}

Message remove_request(const Address& address) {
  return request(RTM_DELADDR, 0, address);
}

}  // namespace raven::netlink
