// Messages of the kernel, well-formed and broken, without a socket.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <vector>

#include "common/netlink/codec.h"
#include "common/netlink/monitor.h"

namespace raven::netlink {
namespace {

Route sample_route() {
  Route route;
  route.destination = IpPrefix::parse("10.2.0.0/16").value();
  route.table = 9027;
  route.metric = 10;
  route.protocol = 0x52;
  route.link = 7;
  route.gateway = IpAddress::parse("240.1.2.3").value();
  route.mtu = 1400;
  route.onlink = true;
  return route;
}

// The bytes of a request; requests and notifications share one format.
std::vector<uint8_t> bytes_of(const Message& message) {
  const auto* start = reinterpret_cast<const uint8_t*>(message.raw());
  return {start, start + message.raw()->nlmsg_len};
}

nlmsghdr* header_of(std::vector<uint8_t>& bytes) {
  return reinterpret_cast<nlmsghdr*>(bytes.data());
}

TEST(Events, RouteSurvivesEncodingAndParsing) {
  const auto events = parse_events(bytes_of(put_request(sample_route())));
  ASSERT_EQ(events.events.size(), 1u);
  EXPECT_FALSE(events.resync_needed);
  EXPECT_FALSE(events.events[0].removed);
  EXPECT_EQ(std::get<Route>(events.events[0].object), sample_route());
}

TEST(Events, RemovalIsTold) {
  const auto events = parse_events(bytes_of(remove_request(sample_route())));
  ASSERT_EQ(events.events.size(), 1u);
  EXPECT_TRUE(events.events[0].removed);
}

TEST(Events, EveryTruncationIsRefusedOrAsksForAResync) {
  const std::vector<uint8_t> whole = bytes_of(put_request(sample_route()));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(size));
    const auto events = parse_events(cut);
    EXPECT_TRUE(events.resync_needed) << size;
    EXPECT_TRUE(events.events.empty()) << size;
  }
}

TEST(Events, LengthBelowTheHeaderAsksForAResync) {
  std::vector<uint8_t> bytes = bytes_of(put_request(sample_route()));
  for (const uint32_t length : {0u, 1u, 15u}) {
    header_of(bytes)->nlmsg_len = length;
    EXPECT_TRUE(parse_events(bytes).resync_needed) << length;
  }
}

TEST(Events, AttributeLongerThanTheMessageIsNotRead) {
  std::vector<uint8_t> bytes = bytes_of(put_request(sample_route()));
  auto* attribute = reinterpret_cast<rtattr*>(bytes.data() + NLMSG_LENGTH(sizeof(rtmsg)));
  attribute->rta_len = 0xffff;
  const auto events = parse_events(bytes);
  ASSERT_EQ(events.events.size(), 1u);
  EXPECT_FALSE(std::get<Route>(events.events[0].object).gateway);
}

TEST(Events, PrefixLengthBeyondTheFamilyAsksForAResync) {
  std::vector<uint8_t> bytes = bytes_of(put_request(sample_route()));
  reinterpret_cast<rtmsg*>(bytes.data() + NLMSG_HDRLEN)->rtm_dst_len = 33;
  EXPECT_TRUE(parse_events(bytes).resync_needed);
}

TEST(Events, UnknownAttributeIsSkipped) {
  Message message = put_request(sample_route());
  message.add_u32(200, 42);
  const auto events = parse_events(bytes_of(message));
  ASSERT_EQ(events.events.size(), 1u);
  EXPECT_EQ(std::get<Route>(events.events[0].object), sample_route());
}

TEST(Events, RouteWithSeveralNextHopsIsMarkedAsForeign) {
  Message message = put_request(sample_route());
  message.add_nested(RTA_MULTIPATH, [&] { message.add_u32(0, 0); });
  const auto events = parse_events(bytes_of(message));
  ASSERT_EQ(events.events.size(), 1u);
  EXPECT_FALSE(std::get<Route>(events.events[0].object).simple);
}

TEST(Events, UnknownTypesAndFamiliesAreIgnored) {
  std::vector<uint8_t> bytes = bytes_of(put_request(sample_route()));
  header_of(bytes)->nlmsg_type = 999;
  EXPECT_TRUE(parse_events(bytes).events.empty());
  EXPECT_FALSE(parse_events(bytes).resync_needed);
  header_of(bytes)->nlmsg_type = RTM_NEWROUTE;
  bytes[NLMSG_HDRLEN] = 129;  // RTNL_FAMILY_IP6MR
  EXPECT_TRUE(parse_events(bytes).events.empty());
  EXPECT_FALSE(parse_events(bytes).resync_needed);
}

TEST(Events, RandomChangesOfAMessageNeverReadBeyondIt) {
  const std::vector<uint8_t> whole = bytes_of(put_request(sample_route()));
  uint32_t seed = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<uint8_t> bytes = whole;  // exact size: the address sanitizer guards both ends
    for (int change = 0; change < 4; ++change) {
      seed = seed * 1664525 + 1013904223;
      bytes[(seed >> 8) % bytes.size()] = static_cast<uint8_t>(seed);
    }
    for (const auto type : {RTM_NEWROUTE, RTM_NEWRULE, RTM_NEWLINK, RTM_NEWADDR, RTM_NEWNEIGH}) {
      header_of(bytes)->nlmsg_type = static_cast<uint16_t>(type);
      (void)parse_events(bytes);
    }
  }
}

TEST(Message, RequestThatOutgrowsItsBufferIsRefusedBySocket) {
  Message message{RTM_NEWLINK, 0};
  for (int i = 0; i < 100; ++i) message.add_string(1, std::string(100, 'x'));
  EXPECT_FALSE(message.complete());
}

}  // namespace
}  // namespace raven::netlink
