// SPDX-License-Identifier: Apache-2.0
#include "common/model/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kube/json_value.h"
#include "common/model/names.h"
#include "common/model/projector.h"
#include "common/wire/raven.h"

namespace raven::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct NodeText {
  std::string name;
  std::string ip;
  std::vector<std::string> subnets;
};

// A pool whose endpoints are given as "node" or "node@publicIP".
Gateway pool(
    const std::string& name, const std::string& created, std::vector<NodeText> nodes,
    const std::vector<std::string>& endpoints, const std::vector<std::string>& active = {}
) {
  Gateway gateway;
  gateway.name = name;
  gateway.creation_timestamp = created;
  gateway.tunnel_replicas = 1;
  for (NodeText& node : nodes) gateway.nodes.push_back({node.name, node.ip, node.subnets});
  const auto make = [](const std::string& text) {
    Endpoint endpoint;
    const std::size_t at = text.find('@');
    endpoint.node_name = text.substr(0, at);
    endpoint.port = kTunnelPort;
    if (at != std::string::npos) endpoint.public_address = *IpAddress::parse(text.substr(at + 1));
    return endpoint;
  };
  for (const std::string& text : endpoints) gateway.endpoints.push_back(make(text));
  for (const std::string& text : active) gateway.active_endpoints.push_back(make(text));
  return gateway;
}

const std::string kOld = "2024-01-01T00:00:00Z", kNew = "2024-02-01T00:00:00Z";

std::vector<Gateway> two_sites() {
  return {
      pool(
          "edge", kNew,
          {{"e1", "192.168.1.1", {"10.2.1.0/24", "fd00:2:1::/64"}},
           {"e2", "192.168.1.2", {"10.2.2.0/24"}}},
          {"e1@203.0.113.2"}, {"e1"}
      ),
      pool(
          "cloud", kOld,
          {{"c3", "192.168.0.3", {"10.1.3.0/24"}},
           {"c1", "192.168.0.1", {"10.1.1.0/24"}},
           {"c2", "192.168.0.2", {"10.1.2.0/24"}}},
          {"c1@203.0.113.1", "c2@203.0.113.9"}, {"c2"}
      )};
}

std::vector<std::string> texts(const std::vector<IpPrefix>& prefixes) {
  std::vector<std::string> result;
  for (const IpPrefix& prefix : prefixes) result.push_back(prefix.text());
  return result;
}

std::vector<std::string> names(const std::vector<PoolGateway>& gateways) {
  std::vector<std::string> result;
  for (const PoolGateway& gateway : gateways) result.push_back(gateway.name);
  return result;
}

Network project(
    const std::vector<Gateway>& gateways, std::string_view self, const NetworkOptions& options = {}
) {
  return project_network(std::span<const Gateway>{gateways}, self, options);
}

TEST(Network, RolesFollowFromStatusAndEndpoints) {
  EXPECT_EQ(project(two_sites(), "c1").role, Role::kGateway);
  EXPECT_EQ(project(two_sites(), "c2").role, Role::kGateway);
  EXPECT_EQ(project(two_sites(), "c3").role, Role::kPlain);
  EXPECT_EQ(project(two_sites(), "stranger").role, Role::kNone);
  EXPECT_EQ(project(two_sites(), "stranger").own_pool(), nullptr);
  EXPECT_EQ(project(two_sites(), "e2").own_pool()->name, "edge");
}

TEST(Network, PoolsAreCompleteAndSorted) {
  const Network network = project(two_sites(), "c3");
  EXPECT_THAT(network.problems, IsEmpty());
  ASSERT_EQ(network.pools.size(), 2u);
  EXPECT_EQ(network.pools[0].name, "cloud");
  const Pool& edge = *network.pool("edge");
  EXPECT_THAT(texts(edge.prefixes), ElementsAre("10.2.1.0/24", "10.2.2.0/24", "fd00:2:1::/64"));
  EXPECT_EQ(edge.member("e2")->private_address, *IpAddress::parse("192.168.1.2"));
  const PoolGateway& box = *edge.gateway("e1");
  EXPECT_TRUE(box.active);
  EXPECT_EQ(box.tunnel_id, tunnel_id("e1"));
  EXPECT_EQ(box.public_address, *IpAddress::parse("203.0.113.2"));
  EXPECT_EQ(box.private_address, *IpAddress::parse("192.168.1.1"));
  EXPECT_EQ(box.public_port, 4500);
}

TEST(Network, ActiveGatewaysComeFirstThenListOrder) {
  const Network network = project(two_sites(), "e1");
  EXPECT_THAT(names(network.pool("cloud")->gateways), ElementsAre("c2", "c1"));
  EXPECT_FALSE(network.pool("cloud")->gateways[1].active);
}

TEST(Network, OrderOfInputDoesNotMatter) {
  auto gateways = two_sites();
  const Network before = project(gateways, "c1");
  std::swap(gateways[0], gateways[1]);
  std::swap(gateways[0].nodes[0], gateways[0].nodes[1]);
  const Network after = project(gateways, "c1");
  EXPECT_EQ(before.pools, after.pools);
}

TEST(Network, RemotePoolsAreThoseWithTunnelsOnBothSides) {
  auto gateways = two_sites();
  EXPECT_EQ(project(gateways, "c1").remote_pools().size(), 1u);
  gateways[0].tunnel_replicas = 0;
  EXPECT_TRUE(project(gateways, "c1").remote_pools().empty());
  EXPECT_TRUE(project(gateways, "e1").remote_pools().empty());
  gateways = two_sites();
  gateways[0].endpoints.clear();
  EXPECT_TRUE(project(gateways, "c1").remote_pools().empty()) << "nobody to talk to";
}

TEST(Network, ProxyEndpointsAreNoGateways) {
  auto gateways = two_sites();
  gateways[0].endpoints[0].type = EndpointType::kProxy;
  EXPECT_TRUE(project(gateways, "c1").pool("edge")->gateways.empty());
  EXPECT_EQ(project(gateways, "e1").role, Role::kPlain);
}

TEST(Network, OverlappingPrefixStaysWithTheOlderPoolOnEveryBox) {
  auto gateways = two_sites();
  gateways[0].nodes[1].subnets = {"10.1.0.0/16", "10.2.2.0/24"};  // edge, the newer one
  for (const char* self : {"c1", "c2", "stranger"}) {
    const Network network = project(gateways, self);
    EXPECT_THAT(
        texts(network.pool("edge")->prefixes),
        ElementsAre("10.2.1.0/24", "10.2.2.0/24", "fd00:2:1::/64")
    );
    EXPECT_EQ(network.pool("cloud")->prefixes.size(), 3u);
    ASSERT_EQ(network.problems.size(), 1u) << self;
    EXPECT_EQ(network.problems[0].pool, "edge");
    EXPECT_EQ(network.problems[0].problem.where, "status.nodes[e2].subnets[0]");
    EXPECT_THAT(network.problems[0].problem.reason, HasSubstr("pool cloud"));
  }
}

TEST(Network, RefusedPrefixesAreKeptFromStatusAndFromTheControllersAnnotation) {
  auto gateways = two_sites();
  gateways[0].nodes[1].subnets.push_back("10.1.0.0/16");
  gateways[0].annotations[std::string{kRefusedSubnetsAnnotation}] =
      "10.9.0.0/16,10.1.0.0/16,0.0.0.0/0,192.168.0.0/24,172.16.0.0/12";
  const Network network =
      project(gateways, "c1", {.protected_addresses = {*IpAddress::parse("172.16.0.1")}});
  EXPECT_THAT(texts(network.pool("edge")->refused), ElementsAre("10.1.0.0/16", "10.9.0.0/16"))
      << "neither the LAN nor what must stay reachable";
  EXPECT_THAT(network.pool("cloud")->refused, IsEmpty());
}

TEST(Network, WhatOurOwnNodesUseNeverGoesIntoATunnel) {
  auto gateways = two_sites();
  gateways[1].nodes[0].subnets = {"10.1.3.0/24", "10.8.0.0/16"};  // cloud, the older one
  gateways[0].nodes[1].subnets = {"10.2.2.0/24", "10.8.5.0/24"};  // edge
  const Network edge = project(gateways, "e1");
  EXPECT_THAT(texts(edge.own_pool()->refused), ElementsAre("10.8.5.0/24"));
  EXPECT_THAT(
      texts(edge.pool("cloud")->prefixes), ElementsAre("10.1.1.0/24", "10.1.2.0/24", "10.1.3.0/24")
  );
  EXPECT_THAT(texts(edge.pool("cloud")->refused), ElementsAre("10.8.0.0/16"));
  EXPECT_EQ(project(gateways, "c1").own_pool()->prefixes.size(), 4u);
}

TEST(Network, EqualAgeIsDecidedByName) {
  const std::vector<Gateway> gateways{
      pool("b", kOld, {{"b1", "192.168.0.1", {"10.1.0.0/24"}}}, {}),
      pool("a", kOld, {{"a1", "192.168.1.1", {"10.1.0.0/24"}}}, {})};
  const Network network = project(gateways, "x");
  EXPECT_EQ(network.pool("a")->prefixes.size(), 1u);
  EXPECT_TRUE(network.pool("b")->prefixes.empty());
}

TEST(Network, PrefixesWithinAPoolMayNestButNotRepeat) {
  const std::vector<Gateway> gateways{pool(
      "a", kOld,
      {{"n1", "192.168.0.1", {"10.1.0.0/24", "10.0.0.0/8"}},
       {"n2", "192.168.0.2", {"10.1.0.0/24"}}},
      {}
  )};
  const Network network = project(gateways, "n1");
  EXPECT_THAT(texts(network.pools[0].prefixes), ElementsAre("10.0.0.0/8", "10.1.0.0/24"));
  ASSERT_EQ(network.problems.size(), 1u);
  EXPECT_THAT(network.problems[0].problem.reason, HasSubstr("n1"));
}

TEST(Network, NodeInTwoPoolsStaysInTheOlderOne) {
  auto gateways = two_sites();
  gateways[0].nodes.push_back({"c3", "192.168.0.3", {"10.7.0.0/24"}});
  const Network network = project(gateways, "c3");
  EXPECT_EQ(network.own_pool()->name, "cloud");
  EXPECT_EQ(network.pool("edge")->member("c3"), nullptr);
  ASSERT_EQ(network.problems.size(), 1u);
  EXPECT_THAT(network.problems[0].problem.reason, HasSubstr("pool cloud"));
}

TEST(Network, EndpointThatIsNoNodeOfThePoolIsLeftOut) {
  auto gateways = two_sites();
  gateways[0].nodes.erase(gateways[0].nodes.begin());  // e1 has lost its label
  const Network network = project(gateways, "c1");
  EXPECT_TRUE(network.pool("edge")->gateways.empty());
  ASSERT_EQ(network.problems.size(), 1u);
  EXPECT_THAT(network.problems[0].problem.reason, HasSubstr("raven.openyurt.io/gateway=edge"));
}

TEST(Network, SameTunnelIdIsAnErrorOfTheSecondBox) {
  // Found by search: FNV-1a of both ends in the same 24 bits.
  std::map<uint32_t, std::string> seen;
  std::string first, second;
  for (unsigned i = 0; second.empty(); ++i) {
    const std::string name = "n" + std::to_string(i);
    const auto [other, is_new] = seen.emplace(tunnel_id(name), name);
    if (!is_new) first = other->second, second = name;
  }
  const std::vector<Gateway> gateways{
      pool("a", kOld, {{first, "192.168.0.1", {}}}, {first}),
      pool("b", kNew, {{second, "192.168.1.1", {}}}, {second})};
  const Network network = project(gateways, "x");
  EXPECT_EQ(network.pool("a")->gateways.size(), 1u);
  EXPECT_TRUE(network.pool("b")->gateways.empty());
  EXPECT_EQ(network.problems.size(), 1u);
}

struct SubnetCase {
  const char* name;
  const char* subnet;
  const char* reason_part;
};

class RefusedSubnet : public testing::TestWithParam<SubnetCase> {};

TEST_P(RefusedSubnet, IsNamedAndDoesNotHarmTheOthers) {
  auto gateways = two_sites();
  gateways[0].nodes[0].subnets.push_back(GetParam().subnet);
  const Network network =
      project(gateways, "c1", {.protected_addresses = {*IpAddress::parse("172.16.0.1")}});
  EXPECT_EQ(network.pool("edge")->prefixes.size(), 3u);
  ASSERT_EQ(network.problems.size(), 1u);
  EXPECT_EQ(network.problems[0].pool, "edge");
  EXPECT_THAT(network.problems[0].problem.reason, HasSubstr(GetParam().reason_part));
}

INSTANTIATE_TEST_SUITE_P(
    all, RefusedSubnet,
    testing::Values(
        SubnetCase{"empty", "", ""}, SubnetCase{"nonsense", "x", "x"},
        SubnetCase{"host_bits", "10.3.0.1/16", "10.3.0.0/16"},
        SubnetCase{"too_long", "10.3.0.0/33", ""},
        SubnetCase{"default_v4", "0.0.0.0/0", "default route"},
        SubnetCase{"default_v6", "::/0", "default route"},
        SubnetCase{"loopback", "127.0.0.0/8", "loopback"},
        SubnetCase{"multicast", "224.0.0.0/4", "multicast"},
        SubnetCase{"link_local_v4", "169.254.0.0/16", "link-local"},
        SubnetCase{"link_local_v6", "fe80::/64", "link-local"},
        SubnetCase{"unspecified", "0.0.0.0/8", "unspecified"},
        SubnetCase{"protected_address", "172.16.0.0/12", "172.16.0.1"},
        SubnetCase{"own_public_address", "203.0.113.2/32", "203.0.113.2"},
        SubnetCase{"public_address_of_a_peer", "203.0.113.0/24", "203.0.113"},
        SubnetCase{"lan_of_this_node", "192.168.0.0/24", "our own node"}
    ),
    [](const auto& each) { return each.param.name; }
);

TEST(Network, LanPrefixIsOnlyRefusedWhereItIsTheOwnLan) {
  auto gateways = two_sites();
  gateways[0].nodes[0].subnets.push_back("192.168.0.0/24");
  gateways.push_back(pool("third", kNew, {{"t1", "192.168.7.1", {}}}, {"t1"}));
  const auto third = project(gateways, "t1");
  EXPECT_EQ(third.pool("edge")->prefixes.size(), 4u);
  EXPECT_THAT(third.problems, IsEmpty());
}

TEST(Network, BadPrivateAddressIsAProblemAndTheNodeStays) {
  auto gateways = two_sites();
  gateways[0].nodes[1].private_ip = "";
  const Network network = project(gateways, "c1");
  EXPECT_EQ(network.pool("edge")->member("e2")->private_address, std::nullopt);
  EXPECT_EQ(network.problems.size(), 1u);
}

TEST(Network, TenThousandPrefixesAreProjected) {
  std::vector<Gateway> gateways;
  for (unsigned p = 0; p < 10; ++p) {
    std::vector<NodeText> nodes;
    for (unsigned n = 0; n < 1000; ++n) {
      const IpAddress address = IpAddress::v4((10u << 24) + ((p * 1000 + n) << 8));
      nodes.push_back(
          {"p" + std::to_string(p) + "n" + std::to_string(n),
           "192.168.0.1",
           {IpPrefix::masked(address, 24).text()}}
      );
    }
    gateways.push_back(pool("p" + std::to_string(p), kOld, std::move(nodes), {}));
  }
  const Network network = project(gateways, "p3n77");
  EXPECT_THAT(network.problems, IsEmpty());
  EXPECT_EQ(network.own_pool()->prefixes.size(), 1000u);
}

TEST(Network, ObjectsThatDoNotParseBecomeProblems) {
  const kube::Objects objects{
      {"bad", std::make_shared<const kube::Json>(kube::Json{{"spec", 1}})},
      {"good", std::make_shared<const kube::Json>(kube::Json{{"metadata", {{"name", "good"}}}})}};
  const Network network = project_network(objects, "x");
  EXPECT_EQ(network.pools.size(), 1u);
  ASSERT_EQ(network.problems.size(), 1u);
  EXPECT_EQ(network.problems[0].pool, "bad");
}

TEST(Projector, GivesTheSameNetworkUntilAGatewayChanges) {
  const auto object = [](const char* name) {
    return std::make_shared<const kube::Json>(kube::Json{{"metadata", {{"name", name}}}});
  };
  kube::Objects objects{{"a", object("a")}};
  Projector projector{"x"};
  const auto snapshot = std::make_shared<const kube::Objects>(objects);
  const auto first = projector.project(snapshot);
  EXPECT_EQ(projector.project(snapshot), first);
  objects["b"] = object("b");
  const auto second = projector.project(std::make_shared<const kube::Objects>(objects));
  EXPECT_EQ(*second, project_network(objects, "x"));
  EXPECT_EQ(second->pools.size(), 2u);
}

}  // namespace
}  // namespace raven::model
