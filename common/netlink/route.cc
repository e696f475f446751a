// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/route.h"

#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "common/netlink/attributes.h"
#include "common/netlink/codec.h"

namespace raven::netlink {
namespace {

// What IPv6 makes of a metric of 0 (IP6_RT_PRIO_USER).
constexpr uint32_t kIpv6DefaultMetric = 1024;

RouteType type_of(uint8_t number) {
  switch (number) {
    case RTN_UNICAST:
      return RouteType::kUnicast;
    case RTN_LOCAL:
      return RouteType::kLocal;
    case RTN_BLACKHOLE:
      return RouteType::kBlackhole;
    case RTN_UNREACHABLE:
      return RouteType::kUnreachable;
    case RTN_THROW:
      return RouteType::kThrow;
    default:
      return RouteType::kOther;
  }
}

// The header and the attributes that name a route, shared by adding and removing.
Message request(uint16_t type, uint16_t flags, const Route& route, uint8_t scope) {
  rtmsg header{};
  header.rtm_family = family_number(route.destination.family());
  header.rtm_dst_len = static_cast<uint8_t>(route.destination.length());
  header.rtm_protocol = route.protocol;
  header.rtm_scope = scope;
  header.rtm_type = static_cast<uint8_t>(route.type);
  header.rtm_flags = route.onlink ? RTNH_F_ONLINK : 0;
  Message message{type, flags};
  message.header(header);
  message.add_u32(RTA_TABLE, route.table);
  message.add_address(RTA_DST, route.destination.address());
  if (route.metric != 0) message.add_u32(RTA_PRIORITY, route.metric);
  if (route.link != 0) message.add_u32(RTA_OIF, route.link);
  if (route.gateway) message.add_address(RTA_GATEWAY, *route.gateway);
  return message;
}

uint8_t scope_of(const Route& route) {
  const bool direct = route.type == RouteType::kUnicast && !route.gateway;
  return direct && route.destination.family() == IpFamily::kV4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

bool is_simple(const rtmsg& header, const Attributes& attributes) {
  return header.rtm_tos == 0 && header.rtm_src_len == 0 && !attributes.has(RTA_MULTIPATH) &&
         !attributes.has(RTA_ENCAP) && !attributes.has(RTA_NH_ID) && !attributes.has(RTA_VIA);
}

std::optional<IpPrefix> destination_of(const rtmsg& header, const Attributes& attributes) {
  const bool v4 = header.rtm_family == AF_INET;
  if (!v4 && header.rtm_family != AF_INET6) return std::nullopt;
  static constexpr uint8_t kZero[16] = {};
  const IpAddress any = v4 ? IpAddress::v4_bytes(kZero) : IpAddress::v6_bytes(kZero);
  const IpAddress address = attributes.address(RTA_DST).value_or(any);
  if (header.rtm_dst_len > address.bits() || address.is_v4() != v4) return std::nullopt;
  return IpPrefix::masked(address, header.rtm_dst_len);
}

}  // namespace

uint32_t Route::effective_metric() const {
  return metric == 0 && destination.family() == IpFamily::kV6 ? kIpv6DefaultMetric : metric;
}

bool Route::operator==(const Route& other) const {
  return key() == other.key() && protocol == other.protocol && type == other.type &&
         link == other.link && gateway == other.gateway &&
         preferred_source == other.preferred_source && mtu == other.mtu && onlink == other.onlink &&
         simple == other.simple;
}

std::string Route::text() const {
  std::string text = type == RouteType::kBlackhole     ? "blackhole "
                     : type == RouteType::kUnreachable ? "unreachable "
                     : type == RouteType::kThrow       ? "throw "
                                                       : "";
  text += destination.text();
  if (gateway) text += " via " + gateway->text();
  if (link != 0) text += fmt::format(" dev {}", link);
  text += fmt::format(" table {} metric {}", table, effective_metric());
  if (mtu != 0) text += fmt::format(" mtu {}", mtu);
  return text;
}

std::optional<Route> parse_route(const nlmsghdr* message) {
  const auto attributes = Attributes::parse(message, sizeof(rtmsg), RTA_MAX);
  if (!attributes) return std::nullopt;
  const auto* header = static_cast<const rtmsg*>(nlmsg_data(message));
  const auto destination = destination_of(*header, *attributes);
  if (!destination) return std::nullopt;
  Route route;
  route.destination = *destination;
  route.table = attributes->number<uint32_t>(RTA_TABLE).value_or(header->rtm_table);
  route.metric = attributes->u32(RTA_PRIORITY);
  route.protocol = header->rtm_protocol;
  route.type = type_of(header->rtm_type);
  route.gateway = attributes->address(RTA_GATEWAY);
  route.preferred_source = attributes->address(RTA_PREFSRC);
  route.onlink = (header->rtm_flags & RTNH_F_ONLINK) != 0;
  route.simple = is_simple(*header, *attributes);
  // IPv6 shows a blackhole, and its like, as a route through "lo".
  if (route.type == RouteType::kUnicast || route.type == RouteType::kLocal)
    route.link = attributes->u32(RTA_OIF);
  if (const auto metrics = attributes->nested(RTA_METRICS, RTAX_MAX))
    route.mtu = metrics->u32(RTAX_MTU);
  return route;
}

Message route_dump_request(IpFamily family, uint32_t table) {
  rtmsg header{};
  header.rtm_family = family_number(family);
  Message message{RTM_GETROUTE, NLM_F_DUMP};
  message.header(header);
  message.add_u32(RTA_TABLE, table);
  return message;
}

Message route_lookup_request(const IpAddress& destination) {
  rtmsg header{};
  header.rtm_family = family_number(destination.family());
  header.rtm_dst_len = static_cast<uint8_t>(destination.bits());
  // Asks for the table of the route; IPv6 always tells it, and refuses the flag.
  if (destination.is_v4()) header.rtm_flags = RTM_F_LOOKUP_TABLE;
  Message message{RTM_GETROUTE, 0};
  message.header(header);
  message.add_address(RTA_DST, destination);
  return message;
}

Message put_request(const Route& route) {
  Message message = request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route, scope_of(route));
  if (route.preferred_source) message.add_address(RTA_PREFSRC, *route.preferred_source);
  if (route.mtu != 0)
    message.add_nested(RTA_METRICS, [&] { message.add_u32(RTAX_MTU, route.mtu); });
  return message;
}

// Scope "nowhere" asks the kernel not to compare it.
Message remove_request(const Route& route) {
  return request(RTM_DELROUTE, 0, route, RT_SCOPE_NOWHERE);
}

}  // namespace raven::netlink
