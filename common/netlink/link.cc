// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/link.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "common/base/byte_order.h"
#include "common/netlink/attributes.h"
#include "common/netlink/codec.h"

namespace raven::netlink {
namespace {

void parse_kind(const Attributes& attributes, Link& link) {
  const auto info = attributes.nested(IFLA_LINKINFO, IFLA_INFO_MAX);
  if (!info) return;
  link.kind = info->text(IFLA_INFO_KIND);
  const auto data = info->nested(IFLA_INFO_DATA, IFLA_VXLAN_MAX);
  if (link.kind != "vxlan" || !data) return;
  link.vxlan = Vxlan{
      .vni = data->u32(IFLA_VXLAN_ID),
      .port = host_to_big(data->number<uint16_t>(IFLA_VXLAN_PORT).value_or(0)),
      .learning = data->number<uint8_t>(IFLA_VXLAN_LEARNING).value_or(0) != 0,
  };
}

bool parse_ipv6_auto_address(const Attributes& attributes) {
  const auto families = attributes.nested(IFLA_AF_SPEC, AF_MAX);
  const auto ipv6 = families ? families->nested(AF_INET6, IFLA_INET6_MAX) : std::nullopt;
  const auto mode = ipv6 ? ipv6->number<uint8_t>(IFLA_INET6_ADDR_GEN_MODE) : std::nullopt;
  return mode && mode != IN6_ADDR_GEN_MODE_NONE;
}

ifinfomsg header_of(const Link& link) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = static_cast<int>(link.index);
  return header;
}

void add_vxlan(Message& message, const Vxlan& vxlan) {
  message.add_u32(IFLA_VXLAN_ID, vxlan.vni);
  message.add_u16(IFLA_VXLAN_PORT, host_to_big(vxlan.port));
  message.add_u8(IFLA_VXLAN_LEARNING, vxlan.learning ? 1 : 0);
  // RFC 7348 section 5: over IPv4 the outer checksum is zero; the inner ones protect the packet.
  message.add_u8(IFLA_VXLAN_UDP_CSUM, 0);
}

}  // namespace

std::optional<Link> parse_link(const nlmsghdr* message) {
  const auto attributes = Attributes::parse(message, sizeof(ifinfomsg), IFLA_MAX);
  if (!attributes) return std::nullopt;
  const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(message));
  Link link;
  link.index = static_cast<uint32_t>(header->ifi_index);
  link.name = attributes->text(IFLA_IFNAME);
  link.mtu = attributes->u32(IFLA_MTU);
  link.mac = attributes->mac(IFLA_ADDRESS).value_or(MacAddress{});
  link.up = (header->ifi_flags & IFF_UP) != 0;
  link.running = (header->ifi_flags & IFF_RUNNING) != 0;
  link.ipv6_auto_address = parse_ipv6_auto_address(*attributes);
  parse_kind(*attributes, link);
  if (link.index == 0 || link.name.empty()) return std::nullopt;
  return link;
}

Message link_dump_request() {
  Message message{RTM_GETLINK, NLM_F_DUMP};
  message.header(header_of({}));
  message.add_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return message;
}

// Created down, because the kernel takes no IPv6 options here and none after it is up.
Message link_create_request(const Link& link) {
  Message message{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL};
  message.header(header_of({}));
  message.add_string(IFLA_IFNAME, link.name);
  if (link.mtu != 0) message.add_u32(IFLA_MTU, link.mtu);
  if (!link.mac.is_zero()) message.add_mac(IFLA_ADDRESS, link.mac);
  message.add_nested(IFLA_LINKINFO, [&] {
    message.add_string(IFLA_INFO_KIND, link.kind);
    if (link.vxlan) message.add_nested(IFLA_INFO_DATA, [&] { add_vxlan(message, *link.vxlan); });
  });
  return message;
}

Message link_change_request(const Link& link) {
  Message message{RTM_NEWLINK, 0};
  message.header(header_of(link));
  if (link.mtu != 0) message.add_u32(IFLA_MTU, link.mtu);
  if (!link.mac.is_zero()) message.add_mac(IFLA_ADDRESS, link.mac);
  return message;
}

Message link_no_ipv6_address_request(const Link& link) {
  Message message{RTM_NEWLINK, 0};
  message.header(header_of(link));
  message.add_nested(IFLA_AF_SPEC, [&] {
    message.add_nested(AF_INET6, [&] {
      message.add_u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    });
  });
  return message;
}

Message link_state_request(const Link& link) {
  ifinfomsg header = header_of(link);
  header.ifi_change = IFF_UP;
  header.ifi_flags = link.up ? IFF_UP : 0;
  Message message{RTM_NEWLINK, 0};
  message.header(header);
  return message;
}

Message remove_request(const Link& link) {
  Message message{RTM_DELLINK, 0};
  message.header(header_of(link));
  return message;
}

}  // namespace raven::netlink
