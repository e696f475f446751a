// SPDX-License-Identifier: Apache-2.0
#include "common/netlink/rule.h"

#include <fmt/format.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "common/netlink/attributes.h"
#include "common/netlink/codec.h"

namespace raven::netlink {
namespace {

Message request(uint16_t type, uint16_t flags, const Rule& rule) {
  fib_rule_hdr header{};
  header.family = family_number(rule.family);
  header.action = FR_ACT_TO_TBL;
  Message message{type, flags};
  message.header(header);
  message.add_u32(FRA_TABLE, rule.table);
  message.add_u32(FRA_PRIORITY, rule.priority);
  message.add_u8(FRA_PROTOCOL, rule.protocol);
  if (rule.mark_mask != 0) {
    message.add_u32(FRA_FWMARK, rule.mark);
    message.add_u32(FRA_FWMASK, rule.mark_mask);
  }
  return message;
}

bool has_other_selectors(const fib_rule_hdr& header, const Attributes& attributes) {
  static constexpr int kSelectors[] = {
      FRA_IIFNAME,  FRA_OIFNAME,     FRA_L3MDEV,      FRA_UID_RANGE,
      FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE, FRA_TUN_ID,
  };
  for (const int type : kSelectors)
    if (attributes.has(type)) return true;
  return header.action != FR_ACT_TO_TBL || header.src_len != 0 || header.dst_len != 0 ||
         header.tos != 0 || (header.flags & FIB_RULE_INVERT) != 0;
}

}  // namespace

std::string Rule::text() const {
  std::string text = family == IpFamily::kV4 ? "v4" : "v6";
  text += fmt::format(" priority {} table {}", priority, table);
  if (mark_mask != 0) text += fmt::format(" fwmark {:#x}/{:#x}", mark, mark_mask);
  return text;
}

std::optional<Rule> parse_rule(const nlmsghdr* message) {
  const auto attributes = Attributes::parse(message, sizeof(fib_rule_hdr), FRA_MAX);
  if (!attributes) return std::nullopt;
  const auto* header = static_cast<const fib_rule_hdr*>(nlmsg_data(message));
  if (header->family != AF_INET && header->family != AF_INET6) return std::nullopt;
  return Rule{
      .family = header->family == AF_INET ? IpFamily::kV4 : IpFamily::kV6,
      .priority = attributes->u32(FRA_PRIORITY),
      .table = attributes->number<uint32_t>(FRA_TABLE).value_or(header->table),
      .protocol = attributes->number<uint8_t>(FRA_PROTOCOL).value_or(0),
      .mark = attributes->u32(FRA_FWMARK),
      .mark_mask = attributes->u32(FRA_FWMASK),
      .other_selectors = has_other_selectors(*header, *attributes),
  };
}

Message rule_dump_request(IpFamily family) {
  fib_rule_hdr header{};
  header.family = family_number(family);
  Message message{RTM_GETRULE, NLM_F_DUMP};
  message.header(header);
  return message;
}

Message put_request(const Rule& rule) {
  return request(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule);
}

Message remove_request(const Rule& rule) {
  return request(RTM_DELRULE, 0, rule);
}

}  // namespace raven::netlink
