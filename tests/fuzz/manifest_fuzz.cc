// Manifests and the objects in them: common/kube/manifest.h, json.h, and the views of common/model.
// SPDX-License-Identifier: Apache-2.0
#include "common/kube/json_value.h"
#include "common/kube/lease.h"
#include "common/kube/manifest.h"
#include "common/kube/object.h"
#include "common/model/block_affinity.h"
#include "common/model/network.h"
#include "common/model/node.h"
#include "common/model/raven_cfg.h"
#include "tests/fuzz/fuzz.h"

namespace raven {
namespace {

using fuzz::require;
using kube::Json;

void check_gateway(const Json& object) {
  const auto gateway = model::parse_gateway(object);
  if (!gateway.ok()) return;
  for (const model::Endpoint& endpoint : gateway->endpoints)
    require(
        kube::is_valid_object_name(endpoint.node_name) && endpoint.port != 0,
        "an endpoint has a node and a port"
    );
  const Json status = model::gateway_status_json(gateway->nodes, gateway->active_endpoints);
  const auto again = model::parse_gateway({{"metadata", {{"name", "again"}}}, {"status", status}});
  require(again->nodes.size() == gateway->nodes.size(), "a status is read as it was written");
  require(
      again->active_endpoints.size() == gateway->active_endpoints.size(),
      "all endpoints of a status are read again"
  );
  model::RavenConfig::parse(&object).for_gateway(*gateway);
}

void check_node(const Json& object) {
  const auto node = model::parse_node(object);
  if (!node.ok()) return;
  require(!node->name.empty(), "a node has a name");
  node->pool();
  node->uses_calico();
  std::vector<model::Problem> problems;
  for (const auto& [key, value] : node->annotations) model::parse_prefix_list(value, key, problems);
}

void check_network(const kube::Objects& gateways) {
  const model::Network network = model::project_network(gateways, "edge-gw-1");
  for (const model::PoolProblem& problem : network.problems)
    require(!problem.problem.reason.empty(), "a problem says why");
}

// Text of ours is read by us, and is the same.
void check_json(const Json& value) {
  const std::string text = kube::dump_json(value);
  const auto again = kube::parse_json(text, {.depth_max = 200});
  require(again.ok() && kube::dump_json(*again) == text, "JSON is written as read");
  require(!kube::dump_json_pretty(value).empty(), "and can be made pretty");
  require(kube::json_type_name(value) != nullptr, "every value has a type");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto documents = kube::parse_manifests("f", fuzz::Input{data, size}.rest_text());
  if (!documents.ok()) return 0;
  kube::Objects objects;
  for (const Json& document : *documents) {
    check_json(document);
    check_gateway(document);
    check_node(document);
    if (const auto block = model::parse_block_affinity(document); block.ok())
      require(!block->node.empty() && !block->cidr.empty(), "a block has node and prefix");
    const kube::LeaseRecord lease = kube::LeaseRecord::from_json(document);
    kube::LeaseObserver{}.observe("key", lease, Instant{});
    objects[kube::object_name(document).key()] = std::make_shared<const Json>(document);
  }
  check_network(objects);
  return 0;
}

}  // namespace raven
