// Route: one entry of a routing table with at most one next hop.
// SPDX-License-Identifier: Apache-2.0
//
// Routes with several next hops, and those with attributes that are not listed here, are read as
// foreign (`simple` is false): nothing here can write them back unchanged.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "common/base/ip.h"

namespace raven::netlink {

enum class RouteType : uint8_t {
  kUnicast = 1,
  kLocal = 2,
  kBlackhole = 6,
  kUnreachable = 7,
  kThrow = 9,  // as if the table had no route: the next rule decides
  kOther = 255,
};

struct Route {
  IpPrefix destination;
  uint32_t table = 254;  // main
  uint32_t metric = 0;   // lower wins; IPv6 stores 0 as 1024
  uint8_t protocol = 0;  // who made the route
  RouteType type = RouteType::kUnicast;
  uint32_t link = 0;  // interface index; 0 but for unicast and local
  std::optional<IpAddress> gateway;
  std::optional<IpAddress> preferred_source;
  uint32_t mtu = 0;     // 0: that of the interface
  bool onlink = false;  // the gateway is reached directly, whatever the addresses of the link
  bool simple = true;

  // What makes two routes the same entry for NLM_F_REPLACE.
  struct Key {
    uint32_t table;
    IpPrefix destination;
    uint32_t metric;
    auto operator<=>(const Key&) const = default;
  };
  uint32_t effective_metric() const;
  Key key() const { return {table, destination, effective_metric()}; }
  bool operator==(const Route& other) const;
  std::string text() const;  // "10.2.0.0/16 via 240.1.2.3 dev 7 table 9027 metric 10 mtu 1400"
};

}  // namespace raven::netlink
