// SPDX-License-Identifier: Apache-2.0
#include "ctrl/controller/subnets.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/model/names.h"
#include "common/model/network.h"

namespace raven::controller {

Subnets::Subnets(const World& world) {
  for (const auto& [name, block] : world.blocks)
    if (block.confirmed) blocks_.emplace(block.node, block.cidr);
  for (const auto& [name, gateway] : world.gateways)
    for (const model::Endpoint& endpoint : gateway.endpoints)
      if (endpoint.public_address)
        public_addresses_.emplace(*endpoint.public_address, endpoint.node_name);
}

std::vector<std::string> Subnets::texts_of(
    const model::Gateway& gateway, const model::Node& node, std::vector<model::Problem>& problems
) const {
  if (!node.uses_calico()) return node.pod_cidrs;
  std::vector<std::string> texts;
  const auto [first, last] = blocks_.equal_range(node.name);
  for (auto block = first; block != last; ++block) texts.push_back(block->second);
  std::ranges::sort(texts);
  if (!blocks_.empty()) return texts;
  problems.push_back(
      {"node " + node.name,
       "Calico hands out its addresses, but no BlockAffinity is known; its "
       "subnets stay as they are"}
  );
  const auto known = std::ranges::find(gateway.nodes, node.name, &model::GatewayNode::node_name);
  return known == gateway.nodes.end() ? texts : known->subnets;
}

std::vector<IpPrefix> Subnets::of_node(
    const model::Gateway& gateway, const model::Node& node, std::vector<model::Problem>& problems
) const {
  std::vector<IpPrefix> prefixes;
  for (const std::string& text : texts_of(gateway, node, problems)) {
    const Result<IpPrefix> prefix = IpPrefix::parse(text);
    const std::string reason = prefix ? why_not(*prefix) : prefix.error().message;
    if (!reason.empty())
      problems.push_back({"node " + node.name, reason});
    else if (!std::ranges::count(prefixes, *prefix))
      prefixes.push_back(*prefix);
  }
  return prefixes;
}

std::vector<IpPrefix> Subnets::extra_of(
    const model::Gateway& gateway, std::vector<model::Problem>& problems
) const {
  const std::string where{model::kExtraCidrsAnnotation};
  const auto annotation = gateway.annotations.find(where);
  if (annotation == gateway.annotations.end()) return {};
  std::vector<IpPrefix> prefixes = model::parse_prefix_list(annotation->second, where, problems);
  std::erase_if(prefixes, [&](const IpPrefix& prefix) {
    const std::string reason = why_not(prefix);
    if (!reason.empty()) problems.push_back({where, reason});
    return !reason.empty();
  });
  return prefixes;
}

std::string Subnets::why_not(const IpPrefix& prefix) const {
  const std::string text = prefix.text();
  if (const char* reason = model::never_routed(prefix)) return text + " " + reason;
  // Addresses are in order: the first one that the prefix can hold is the only one to look at.
  const auto box = public_addresses_.lower_bound(prefix.address());
  if (box != public_addresses_.end() && prefix.contains(box->first))
    return fmt::format(
        "{} holds {}, the public address of gateway box {}", text, box->first.text(), box->second
    );
  return "";
}

}  // namespace raven::controller
