// SPDX-License-Identifier: Apache-2.0
#include "ctrl/gateway-agent/public_ip.h"

#include <gtest/gtest.h>

#include "common/kube/json_value.h"

namespace raven::gateway_agent {
namespace {

using kube::Json;

IpAddress ip(const std::string& text) {
  return *IpAddress::parse(text);
}

TEST(PublicIpSource, ReadsTheThreeForms) {
  EXPECT_TRUE(PublicIpSource::parse("none")->is_none());
  EXPECT_EQ(PublicIpSource::parse("interface:wan0")->interface, "wan0");
  EXPECT_EQ(PublicIpSource::parse("203.0.113.7")->address, ip("203.0.113.7"));
  EXPECT_EQ(PublicIpSource::parse("2001:db8::7")->address, ip("2001:db8::7"));
}

TEST(PublicIpSource, RefusesEverythingElse) {
  for (const char* text :
       {"", "auto", "interface:", "interface:a-name-that-is-too-long", "0.0.0.0", "127.0.0.1",
        "224.0.0.1", "fe80::1", "203.0.113.7/24", "example.org"})
    EXPECT_FALSE(PublicIpSource::parse(text).ok()) << text;
}

TEST(GlobalAddress, IsTheFirstOfTheInterfaceThatOthersCanUse) {
  const std::vector<netlink::Address> addresses{
      {1, ip("127.0.0.1"), 8, netlink::AddressScope::kHost},
      {2, ip("fe80::1"), 64, netlink::AddressScope::kLink},
      {2, ip("2001:db8::1"), 64},
      {2, ip("203.0.113.1"), 24},
      {2, ip("203.0.113.2"), 24},
      {3, ip("2001:db8::3"), 64}};
  EXPECT_EQ(global_address(addresses, 2), ip("203.0.113.1"));
  EXPECT_EQ(global_address(addresses, 3), ip("2001:db8::3"));
  EXPECT_FALSE(global_address(addresses, 1).has_value());
  EXPECT_FALSE(global_address(addresses, 9).has_value());
}

Json gateway() {
  return {
      {"metadata", {{"name", "edge"}, {"resourceVersion", "41"}}},
      {"spec",
       {{"endpoints",
         {{{"nodeName", "e1"}, {"type", "proxy"}, {"port", 10262}},
          {{"nodeName", "e1"}, {"type", "tunnel"}, {"underNAT", false}, {"future", "kept"}},
          {{"nodeName", "e2"}, {"type", "tunnel"}}}}}}};
}

TEST(PublicIpPatch, FillsOurTunnelEndpointAndKeepsEverythingElse) {
  const auto patch = public_ip_patch(gateway(), "e1", ip("203.0.113.7"));
  ASSERT_TRUE(patch.has_value());
  Json expected = gateway()["spec"]["endpoints"];
  expected[1]["publicIP"] = "203.0.113.7";
  EXPECT_EQ((*patch)["spec"]["endpoints"], expected);
  EXPECT_EQ((*patch)["metadata"]["resourceVersion"], "41");
}

TEST(PublicIpPatch, NeverChangesWhatIsWritten) {
  Json written = gateway();
  written["spec"]["endpoints"][1]["publicIP"] = "198.51.100.1";
  EXPECT_FALSE(public_ip_patch(written, "e1", ip("203.0.113.7")).has_value());
}

TEST(PublicIpPatch, IsNothingForOthersAndForBrokenObjects) {
  EXPECT_FALSE(public_ip_patch(gateway(), "e9", ip("203.0.113.7")).has_value());
  EXPECT_FALSE(public_ip_patch(Json::object(), "e1", ip("203.0.113.7")).has_value());
  EXPECT_FALSE(
      public_ip_patch(Json{{"spec", {{"endpoints", "x"}}}}, "e1", ip("203.0.113.7")).has_value()
  );
}

}  // namespace
}  // namespace raven::gateway_agent
