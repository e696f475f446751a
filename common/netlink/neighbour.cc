// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/neighbour.h"

#include <fmt/format.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "common/netlink/attributes.h"
#include "common/netlink/codec.h"

namespace raven::netlink {
namespace {

ndmsg header_of(uint8_t family, uint32_t link, uint16_t state, uint8_t flags) {
  ndmsg header{};
  header.ndm_family = family;
  header.ndm_ifindex = static_cast<int>(link);
  header.ndm_state = state;
  header.ndm_flags = flags;
  return header;
}

Message dump_request(uint8_t family, uint32_t link) {
  Message message{RTM_GETNEIGH, NLM_F_DUMP};
  message.header(header_of(family, 0, 0, 0));
  message.add_u32(NDA_IFINDEX, link);
  return message;
}

Message request(uint16_t type, uint16_t flags, const Neighbour& entry) {
  Message message{type, flags};
  message.header(header_of(family_number(entry.address.family()), entry.link, entry.state, 0));
  message.add_address(NDA_DST, entry.address);
  if (!entry.mac.is_zero()) message.add_mac(NDA_LLADDR, entry.mac);
  if (entry.protocol != 0) message.add_u8(NDA_PROTOCOL, entry.protocol);
  return message;
}

// NTF_SELF: the table of the VXLAN device itself, not that of a bridge above it.
Message request(uint16_t type, uint16_t flags, const FdbEntry& entry) {
  Message message{type, flags};
  message.header(header_of(AF_BRIDGE, entry.link, entry.state, NTF_SELF));
  message.add_mac(NDA_LLADDR, entry.mac);
  message.add_address(NDA_DST, entry.destination);
  return message;
}

}  // namespace

std::string Neighbour::text() const {
  return fmt::format("{} lladdr {} dev {}", address.text(), mac.text(), link);
}

std::string FdbEntry::text() const {
  return fmt::format("{} dst {} dev {}", mac.text(), destination.text(), link);
}

std::optional<Neighbour> parse_neighbour(const nlmsghdr* message) {
  const auto attributes = Attributes::parse(message, sizeof(ndmsg), NDA_MAX);
  if (!attributes) return std::nullopt;
  const auto* header = static_cast<const ndmsg*>(nlmsg_data(message));
  const auto address = attributes->address(NDA_DST);
  if (!address || header->ndm_family != family_number(address->family())) return std::nullopt;
  return Neighbour{
      .link = static_cast<uint32_t>(header->ndm_ifindex),
      .address = *address,
      .mac = attributes->mac(NDA_LLADDR).value_or(MacAddress{}),
      .state = header->ndm_state,
      .protocol = attributes->number<uint8_t>(NDA_PROTOCOL).value_or(uint8_t{0}),
  };
}

Message neighbour_dump_request(IpFamily family, uint32_t link) {
  return dump_request(family_number(family), link);
}

Message put_request(const Neighbour& neighbour) {
  return request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, neighbour);
}

Message remove_request(const Neighbour& neighbour) {
  return request(RTM_DELNEIGH, 0, neighbour);
}

std::optional<FdbEntry> parse_fdb(const nlmsghdr* message) {
  const auto attributes = Attributes::parse(message, sizeof(ndmsg), NDA_MAX);
  if (!attributes) return std::nullopt;
  const auto* header = static_cast<const ndmsg*>(nlmsg_data(message));
  const auto mac = attributes->mac(NDA_LLADDR);
  if (!mac || header->ndm_family != AF_BRIDGE) return std::nullopt;
  return FdbEntry{
      .link = static_cast<uint32_t>(header->ndm_ifindex),
      .mac = *mac,
      .destination = attributes->address(NDA_DST).value_or(IpAddress{}),
      .state = header->ndm_state,
  };
}

Message fdb_dump_request(uint32_t link) {
  return dump_request(AF_BRIDGE, link);
}

Message put_request(const FdbEntry& entry) {
  return request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, entry);
}

Message remove_request(const FdbEntry& entry) {
  return request(RTM_DELNEIGH, 0, entry);
}

}  // namespace raven::netlink
