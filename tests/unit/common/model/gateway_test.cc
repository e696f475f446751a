// SPDX-License-Identifier: Apache-2.0
#include "common/model/gateway.h"

#include <gtest/gtest.h>

#include "common/kube/json_value.h"
#include "common/kube/manifest.h"
#include "common/model/names.h"
#include "common/wire/raven.h"

namespace raven::model {
namespace {

using kube::Json;

Json yaml(const std::string& text) {
  auto documents = kube::parse_manifests("test.yaml", text);
  EXPECT_TRUE(documents.ok()) << documents.error().message;
  return documents.ok() ? documents->front() : Json{};
}

Gateway parse(const std::string& text) {
  auto gateway = parse_gateway(yaml(text));
  EXPECT_TRUE(gateway.ok());
  return gateway.ok() ? *gateway : Gateway{};
}

TEST(Gateway, ReadsAllFieldsOfV1beta1) {
  const Gateway gateway = parse(R"(
apiVersion: raven.openyurt.io/v1beta1
kind: Gateway
metadata:
  name: cloud
  uid: u1
  resourceVersion: "77"
  generation: 3
  creationTimestamp: "2024-05-01T10:20:30Z"
  annotations: {raven.openyurt.io/extra-allowed-source-cidrs: "10.9.0.0/16"}
spec:
  exposeType: PublicIP
  proxyConfig: {Replicas: 2, proxyHTTPPort: "10255"}
  tunnelConfig: {Replicas: 1}
  endpoints:
  - {nodeName: gw1, type: tunnel, underNAT: false, publicIP: 203.0.113.1,
     port: 4501, publicPort: 4600}
  - {nodeName: gw1, type: proxy, publicIP: 203.0.113.1}
  - {nodeName: gw2, type: tunnel, underNAT: true, natType: symmetric, config: {key: value}}
status:
  nodes:
  - {nodeName: gw1, privateIP: 192.168.0.1, subnets: [10.1.0.0/24, "fd00:1::/64"]}
  activeEndpoints:
  - {nodeName: gw1, type: tunnel, port: 4500, config: {enable-l3-tunnel: "true"}}
)");
  EXPECT_EQ(gateway.name, "cloud");
  EXPECT_EQ(gateway.uid, "u1");
  EXPECT_EQ(gateway.resource_version, "77");
  EXPECT_EQ(gateway.generation, 3);
  EXPECT_EQ(gateway.annotations.size(), 1u);
  EXPECT_EQ(gateway.proxy_replicas, 2);
  EXPECT_TRUE(gateway.tunnels_enabled());
  ASSERT_EQ(gateway.endpoints.size(), 3u);
  EXPECT_EQ(gateway.endpoints[0].port, 4501);
  EXPECT_EQ(gateway.endpoints[0].public_port, 4600);
  EXPECT_EQ(gateway.endpoints[0].public_address, *IpAddress::parse("203.0.113.1"));
  EXPECT_EQ(gateway.endpoints[1].type, EndpointType::kProxy);
  EXPECT_EQ(gateway.endpoints[1].port, kProxyPort);
  EXPECT_TRUE(gateway.endpoints[2].under_nat);
  EXPECT_EQ(gateway.endpoints[2].port, kTunnelPort);
  EXPECT_EQ(gateway.endpoints[2].config.at("key"), "value");
  EXPECT_EQ(gateway.endpoints[2].public_address, std::nullopt);
  ASSERT_EQ(gateway.nodes.size(), 1u);
  EXPECT_EQ(gateway.nodes[0].subnets.size(), 2u);
  ASSERT_EQ(gateway.active_endpoints.size(), 1u);
  EXPECT_TRUE(gateway.problems.empty());
}

TEST(Gateway, V1alpha1AndV1beta1OfTheSamePoolAreEqual) {
  const std::string common = R"(
metadata: {name: edge, creationTimestamp: "2024-05-01T10:20:30Z"}
)";
  const Gateway alpha = parse("apiVersion: raven.openyurt.io/v1alpha1\nkind: Gateway" + common + R"(
spec:
  exposeType: PublicIP
  endpoints:
  - {nodeName: gw1, underNAT: true, publicIP: 203.0.113.1, config: {a: b}}
  - {nodeName: gw2}
status:
  nodes: [{nodeName: gw1, privateIP: 192.168.0.1, subnets: [10.1.0.0/24]}]
  activeEndpoint: {nodeName: gw1, underNAT: true, publicIP: 203.0.113.1}
)");
  const Gateway beta = parse("apiVersion: raven.openyurt.io/v1beta1\nkind: Gateway" + common + R"(
spec:
  exposeType: PublicIP
  proxyConfig: {Replicas: 1}
  tunnelConfig: {Replicas: 1}
  endpoints:
  - {nodeName: gw1, type: tunnel, port: 4500, underNAT: true, publicIP: 203.0.113.1, config: {a: b}}
  - {nodeName: gw2, type: tunnel, port: 4500}
status:
  nodes: [{nodeName: gw1, privateIP: 192.168.0.1, subnets: [10.1.0.0/24]}]
  activeEndpoints:
  - {nodeName: gw1, type: tunnel, port: 4500, underNAT: true, publicIP: 203.0.113.1}
)");
  EXPECT_EQ(alpha.endpoints, beta.endpoints);
  EXPECT_EQ(alpha.active_endpoints, beta.active_endpoints);
  EXPECT_EQ(alpha.nodes, beta.nodes);
  EXPECT_EQ(alpha.tunnel_replicas, beta.tunnel_replicas);
  EXPECT_EQ(alpha.proxy_replicas, beta.proxy_replicas);
  EXPECT_EQ(alpha.expose_type, beta.expose_type);
  EXPECT_TRUE(alpha.problems.empty());
  EXPECT_TRUE(beta.problems.empty());
}

TEST(Gateway, WithoutANameIsNoGateway) {
  for (const char* text : {"{}", "metadata: {}", "metadata: x", "[1]", "metadata: {name: 7}"})
    EXPECT_FALSE(parse_gateway(yaml(text)).ok()) << text;
}

TEST(Gateway, MissingReplicasAreOffAndANegativeNumberIsAProblem) {
  EXPECT_FALSE(parse("metadata: {name: a}").tunnels_enabled());
  EXPECT_FALSE(parse("metadata: {name: a}\nspec: {tunnelConfig: {Replicas: 0}}").tunnels_enabled());
  const Gateway negative = parse("metadata: {name: a}\nspec: {tunnelConfig: {Replicas: -1}}");
  EXPECT_FALSE(negative.tunnels_enabled());
  ASSERT_EQ(negative.problems.size(), 1u);
  EXPECT_EQ(negative.problems[0].where, "spec.tunnelConfig.Replicas");
  EXPECT_TRUE(
      parse("metadata: {name: a}\nspec: {tunnelConfig: {Replicas: 1000000000}}").tunnels_enabled()
  );
}

struct EndpointCase {
  const char* name;
  const char* endpoint;   // the second one; the first is good
  std::size_t endpoints;  // how many stay
  const char* where;      // of the one problem
};

class BadEndpoint : public testing::TestWithParam<EndpointCase> {};

TEST_P(BadEndpoint, IsNamedAndTheOthersAreUsed) {
  const Gateway gateway = parse(
      "metadata: {name: a}\nspec:\n  endpoints:\n  - {nodeName: good, type: tunnel}\n  - " +
      std::string{GetParam().endpoint} + "\n"
  );
  EXPECT_EQ(gateway.endpoints.size(), GetParam().endpoints);
  ASSERT_EQ(gateway.problems.size(), 1u);
  EXPECT_EQ(gateway.problems[0].where, "spec.endpoints[1]" + std::string{GetParam().where});
  EXPECT_NE(gateway.problems[0].reason, "");
}

INSTANTIATE_TEST_SUITE_P(
    all, BadEndpoint,
    testing::Values(
        EndpointCase{"no_node", "{type: tunnel}", 1, ".nodeName"},
        EndpointCase{"is_text", "text", 1, ".nodeName"},
        EndpointCase{"is_null", "null", 1, ".nodeName"},
        EndpointCase{"node_is_a_path", "{nodeName: ../x, type: tunnel}", 1, ".nodeName"},
        EndpointCase{"unknown_type", "{nodeName: b, type: relay}", 1, ".type"},
        EndpointCase{"no_type", "{nodeName: b}", 1, ".type"},
        EndpointCase{"same_node_twice", "{nodeName: good, type: tunnel}", 1, ""},
        EndpointCase{"port_too_large", "{nodeName: b, type: tunnel, port: 70000}", 2, ".port"},
        EndpointCase{"port_negative", "{nodeName: b, type: tunnel, port: -1}", 2, ".port"},
        EndpointCase{
            "port_is_text", "{nodeName: b, type: tunnel, publicPort: '1'}", 2, ".publicPort"},
        EndpointCase{
            "ip_hostname", "{nodeName: b, type: tunnel, publicIP: gw.example.com}", 2, ".publicIP"},
        EndpointCase{"ip_zero", "{nodeName: b, type: tunnel, publicIP: 0.0.0.0}", 2, ".publicIP"},
        EndpointCase{
            "ip_loopback", "{nodeName: b, type: tunnel, publicIP: 127.0.0.1}", 2, ".publicIP"},
        EndpointCase{
            "ip_multicast", "{nodeName: b, type: tunnel, publicIP: 224.0.0.1}", 2, ".publicIP"},
        EndpointCase{
            "ip_zone", "{nodeName: b, type: tunnel, publicIP: 'fe80::1%eth0'}", 2, ".publicIP"},
        EndpointCase{
            "ip_link_local", "{nodeName: b, type: tunnel, publicIP: 'fe80::1'}", 2, ".publicIP"}
    ),
    [](const auto& each) { return each.param.name; }
);

TEST(Gateway, EndpointsThatAreNoListAreAProblem) {
  EXPECT_EQ(parse("metadata: {name: a}\nspec: {endpoints: {}}").problems.size(), 1u);
  EXPECT_TRUE(parse("metadata: {name: a}\nspec: {endpoints: null}").problems.empty());
  EXPECT_TRUE(parse("metadata: {name: a}\nspec: {endpoints: []}").problems.empty());
}

TEST(Gateway, StatusIsWrittenInTheShapeOfRaven) {
  Endpoint active;
  active.node_name = "gw2";
  active.port = 4500;
  active.under_nat = true;
  active.public_ip = "203.0.113.1";
  active.config = {{"enable-l3-tunnel", "true"}, {"enable-l7-proxy", "false"}};
  Endpoint other = active;
  other.node_name = "gw1";
  other.under_nat = false;
  other.public_ip = "";
  const Json status = gateway_status_json(
      {{"n2", "192.168.0.2", {}}, {"n1", "192.168.0.1", {"10.1.0.0/24"}}}, {active, other}
  );
  EXPECT_EQ(status, yaml(R"(
nodes:
- {nodeName: n1, privateIP: 192.168.0.1, subnets: [10.1.0.0/24]}
- {nodeName: n2, privateIP: 192.168.0.2, subnets: []}
activeEndpoints:
- {nodeName: gw1, type: tunnel, port: 4500,
   config: {enable-l3-tunnel: "true", enable-l7-proxy: "false"}}
- {nodeName: gw2, type: tunnel, port: 4500, underNAT: true, publicIP: 203.0.113.1,
   config: {enable-l3-tunnel: "true", enable-l7-proxy: "false"}}
)"));
}

TEST(Gateway, StatusComesBackEqual) {
  const Gateway before = parse(R"(
metadata: {name: a}
status:
  nodes: [{nodeName: n1, privateIP: 192.168.0.1, subnets: [10.1.0.0/24]}]
  activeEndpoints: [{nodeName: n1, type: proxy, port: 10262, natType: x, publicPort: 9}]
)");
  const auto after = parse_gateway(
      {{"metadata", {{"name", "a"}}},
       {"status", gateway_status_json(before.nodes, before.active_endpoints)}}
  );
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->nodes, before.nodes);
  EXPECT_EQ(after->active_endpoints, before.active_endpoints);
}

TEST(PrefixList, BadItemsAreNamedAndTheOthersTaken) {
  std::vector<Problem> problems;
  const auto prefixes = parse_prefix_list(" 10.0.0.0/8,, fd00::/8 ,10.1.2.3/8,x", "here", problems);
  EXPECT_EQ(prefixes.size(), 2u);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].where, "here");
}

TEST(TunnelId, IsTheLowHalfOfFnv1aAndNeverZero) {
  // Offset basis and reference values of FNV-1a-32: "" 811c9dc5, "a" e40c292c, "foobar" bf9cf968.
  EXPECT_EQ(tunnel_id(""), 0x1c9dc5u);
  EXPECT_EQ(tunnel_id("a"), 0x0c292cu);
  EXPECT_EQ(tunnel_id("foobar"), 0x9cf968u);
}

}  // namespace
}  // namespace raven::model
