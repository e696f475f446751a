// SPDX-License-Identifier: Apache-2.0
#include "dataplane/filter/rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/wire/raven.h"

namespace raven::dataplane {
namespace {

template <class Item>
std::string elements(
    const std::string& table, const char* set, const std::vector<Item>& items, IpFamily family
) {
  std::vector<std::string> texts;
  for (const Item& item : items)
    if (item.family() == family) texts.push_back(item.text());
  std::string script = fmt::format("flush set {} {}\n", table, set);
  if (!texts.empty())
    script += fmt::format("add element {} {} {{ {} }}\n", table, set, fmt::join(texts, ", "));
  return script;
}

}  // namespace

std::string table_of(const std::string& port) {
  return "netdev raven_" + port;
}

std::string claim_rules(const std::string& port, const std::string& interface) {
  // Tunnel traffic: ESP, ESP in UDP (the first four bytes are not the non-ESP marker), VXLAN of
  // the pool, path probes.  IKE and NAT keepalives are the kernel's, and so are the later fragments
  // of UDP, which may be IKE: those of ESP in UDP wait there for a first one until they time out.
  static constexpr char kScript[] = R"(add table {table}
add set {table} own4 {{ type ipv4_addr; }}
add set {table} own6 {{ type ipv6_addr; }}
add set {table} remote4 {{ type ipv4_addr; flags interval; auto-merge; }}
add set {table} remote6 {{ type ipv6_addr; flags interval; auto-merge; }}
add set {table} open4 {{ type ipv4_addr; flags interval; auto-merge; }}
add set {table} open6 {{ type ipv6_addr; flags interval; auto-merge; }}
add chain {table} closed {{ type filter hook ingress device "{interface}" priority -310; }}
add chain {table} claimed {{ type filter hook ingress device "{interface}" priority -300; }}
add chain {table} leaving {{ type filter hook egress device "{interface}" priority 0; }}
flush chain {table} closed
flush chain {table} claimed
flush chain {table} leaving
add rule {table} closed ip daddr @remote4 ip daddr != @open4 drop
add rule {table} closed ip saddr @remote4 ip saddr != @open4 drop
add rule {table} closed ip6 daddr @remote6 ip6 daddr != @open6 drop
add rule {table} closed ip6 saddr @remote6 ip6 saddr != @open6 drop
add rule {table} leaving ip daddr @remote4 ip daddr != @open4 drop
add rule {table} leaving ip6 daddr @remote6 ip6 daddr != @open6 drop
add rule {table} claimed ip daddr @own4 ip protocol esp drop
add rule {table} claimed ip6 daddr @own6 meta l4proto esp drop
add rule {table} claimed ip daddr @own4 udp dport {tunnel} @th,64,32 != 0 drop
add rule {table} claimed ip6 daddr @own6 udp dport {tunnel} @th,64,32 != 0 drop
add rule {table} claimed ip daddr @own4 udp dport {{ {vxlan}, {probe} }} drop
add rule {table} claimed ip6 daddr @own6 udp dport {{ {vxlan}, {probe} }} drop
)";
  return fmt::format(
      kScript, fmt::arg("table", table_of(port)), fmt::arg("interface", interface),
      fmt::arg("tunnel", kTunnelPort), fmt::arg("vxlan", kVxlanPort), fmt::arg("probe", kProbePort)
  );
}

std::string own_sets(const std::string& port, const std::vector<IpAddress>& own) {
  const std::string table = table_of(port);
  return elements(table, "own4", own, IpFamily::kV4) + elements(table, "own6", own, IpFamily::kV6);
}

std::string remote_sets(
    const std::string& port, const std::vector<IpPrefix>& remote, const std::vector<IpPrefix>& open
) {
  const std::string table = table_of(port);
  return elements(table, "remote4", remote, IpFamily::kV4) +
         elements(table, "remote6", remote, IpFamily::kV6) +
         elements(table, "open4", open, IpFamily::kV4) +
         elements(table, "open6", open, IpFamily::kV6);
}

std::string release_rules(const std::string& port) {
  return fmt::format("flush chain {} claimed\n", table_of(port));
}

std::string isolate_rules(const std::string& port, const std::string& interface) {
  static constexpr char kScript[] = R"(add table {table}
add chain {table} isolated {{ type filter hook ingress device "{interface}" priority -310; }}
flush chain {table} isolated
add rule {table} isolated drop
)";
  return fmt::format(kScript, fmt::arg("table", table_of(port)), fmt::arg("interface", interface));
}

}  // namespace raven::dataplane
