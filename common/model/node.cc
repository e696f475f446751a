// SPDX-License-Identifier: Apache-2.0
#include "common/model/node.h"

#include <algorithm>

#include "common/kube/json_value.h"
#include "common/model/names.h"

namespace raven::model {
namespace {

using kube::elements;
using kube::Json;
using kube::text_or;

bool is_ready(const Json& object) {
  for (const Json* condition : elements(object, {"status", "conditions"}))
    if (text_or(*condition, {"type"}) == "Ready") return text_or(*condition, {"status"}) == "True";
  return false;
}

void read_addresses(const Json& object, Node& node) {
  for (const Json* address : elements(object, {"status", "addresses"})) {
    if (text_or(*address, {"type"}) != "InternalIP") continue;
    const std::string text = text_or(*address, {"address"});
    const auto parsed = IpAddress::parse(text);
    if (!parsed) {
      node.problems.push_back({"status.addresses", parsed.error().message});
      continue;
    }
    if (node.private_ip.empty()) node.private_ip = text;
    node.internal_addresses.push_back(*parsed);
  }
  if (node.internal_addresses.empty())
    node.problems.push_back({"status.addresses", "node has no InternalIP"});
}

// Empty ones are how a node looks before it has been given any.
void read_pod_cidrs(const Json& object, Node& node) {
  for (const Json* cidr : elements(object, {"spec", "podCIDRs"}))
    if (cidr->is_string() && !cidr->get_ref<const std::string&>().empty())
      node.pod_cidrs.push_back(cidr->get<std::string>());
  const std::string single = text_or(object, {"spec", "podCIDR"});
  if (node.pod_cidrs.empty() && !single.empty()) node.pod_cidrs.push_back(single);
}

}  // namespace

Result<Node> parse_node(const Json& object) {
  Node node;
  node.name = text_or(object, {"metadata", "name"});
  if (node.name.empty()) return Error{ErrorCode::kInvalid, "Node: metadata.name is missing"};
  node.labels = kube::string_map(object, {"metadata", "labels"});
  node.annotations = kube::string_map(object, {"metadata", "annotations"});
  node.deleting = kube::find(object, {"metadata", "deletionTimestamp"}) != nullptr;
  node.ready = is_ready(object);
  read_addresses(object, node);
  read_pod_cidrs(object, node);
  return node;
}

std::string Node::pool() const {
  const auto label = labels.find(std::string{kGatewayLabel});
  return label == labels.end() ? "" : label->second;
}

bool Node::uses_calico() const {
  return std::any_of(annotations.begin(), annotations.end(), [](const auto& annotation) {
    return annotation.first.find(kCalicoAnnotationPart) != std::string::npos;
  });
}

}  // namespace raven::model
