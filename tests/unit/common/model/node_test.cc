// SPDX-License-Identifier: Apache-2.0
#include "common/model/node.h"

#include <gtest/gtest.h>

#include "common/kube/json_value.h"
#include "common/kube/manifest.h"
#include "common/model/block_affinity.h"

namespace raven::model {
namespace {

kube::Json yaml(const std::string& text) {
  auto documents = kube::parse_manifests("test.yaml", text);
  EXPECT_TRUE(documents.ok()) << documents.error().message;
  return documents.ok() ? documents->front() : kube::Json{};
}

Node parse(const std::string& text) {
  auto node = parse_node(yaml(text));
  EXPECT_TRUE(node.ok());
  return node.ok() ? *node : Node{};
}

using Texts = std::vector<std::string>;

TEST(Node, ReadsWhatIsUsed) {
  const Node node = parse(R"(
metadata:
  name: edge-1
  labels: {raven.openyurt.io/gateway: edge}
  annotations: {projectcalico.org/IPv4Address: 10.0.0.1/24}
spec: {podCIDR: 10.1.0.0/24, podCIDRs: [10.1.0.0/24, "fd00:1::/64"]}
status:
  conditions: [{type: MemoryPressure, status: "False"}, {type: Ready, status: "True"}]
  addresses:
  - {type: Hostname, address: edge-1}
  - {type: InternalIP, address: 192.168.0.1}
  - {type: InternalIP, address: "fd00::1"}
)");
  EXPECT_EQ(node.name, "edge-1");
  EXPECT_EQ(node.pool(), "edge");
  EXPECT_TRUE(node.ready);
  EXPECT_TRUE(node.uses_calico());
  EXPECT_FALSE(node.deleting);
  EXPECT_EQ(node.private_ip, "192.168.0.1");
  EXPECT_EQ(node.internal_addresses.size(), 2u);
  EXPECT_EQ(node.pod_cidrs, (Texts{"10.1.0.0/24", "fd00:1::/64"}));
  EXPECT_TRUE(node.problems.empty());
}

TEST(Node, PodCidrsFallBackToTheSingleOneAndLeaveOutEmptyOnes) {
  EXPECT_EQ(
      parse("metadata: {name: a}\nspec: {podCIDR: 10.1.0.0/24}").pod_cidrs, (Texts{"10.1.0.0/24"})
  );
  EXPECT_TRUE(parse("metadata: {name: a}\nspec: {podCIDR: ''}").pod_cidrs.empty());
  EXPECT_TRUE(parse("metadata: {name: a}\nspec: {podCIDRs: ['', null, 7]}").pod_cidrs.empty());
}

TEST(Node, IsReadyOnlyWhenItsConditionSaysTrue) {
  for (const char* status : {"'False'", "Unknown", "''", "7"})
    EXPECT_FALSE(parse(
                     "metadata: {name: a}\nstatus: {conditions: [{type: Ready, status: " +
                     std::string{status} + "}]}"
    )
                     .ready);
  EXPECT_FALSE(parse("metadata: {name: a}").ready);
}

TEST(Node, WithoutAUsableInternalIpItHasAProblem) {
  EXPECT_EQ(parse("metadata: {name: a}").problems.size(), 1u);
  const Node node = parse(R"(
metadata: {name: a}
status: {addresses: [{type: InternalIP, address: nonsense}, {type: InternalIP, address: 10.0.0.9}]}
)");
  EXPECT_EQ(node.private_ip, "10.0.0.9");
  EXPECT_EQ(node.problems.size(), 1u);
}

TEST(Node, WithoutANameIsNoNode) {
  EXPECT_FALSE(parse_node(yaml("spec: {}")).ok());
}

TEST(BlockAffinity, CountsWhenConfirmedAndNotDeleted) {
  const auto parse_block = [](const std::string& rest) {
    return parse_block_affinity(
        yaml("metadata: {name: b}\nspec: {node: n1, cidr: 10.1.0.0/26" + rest + "}")
    );
  };
  EXPECT_TRUE(parse_block(", state: confirmed, deleted: 'false'")->confirmed);
  EXPECT_FALSE(parse_block(", state: pending")->confirmed);
  EXPECT_FALSE(parse_block(", state: confirmed, deleted: 'true'")->confirmed);
  EXPECT_FALSE(parse_block("")->confirmed);
  EXPECT_EQ(parse_block("")->node, "n1");
  EXPECT_FALSE(parse_block_affinity(yaml("metadata: {name: b}\nspec: {node: n1}")).ok());
}

}  // namespace
}  // namespace raven::model
