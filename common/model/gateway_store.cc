// SPDX-License-Identifier: Apache-2.0
#include "common/model/gateway_store.h"

#include "common/kube/json_value.h"
#include "common/model/names.h"

namespace raven::model {
namespace {

constexpr std::string_view kEmptied = "emptied-gateways";

bool lists_nodes(const kube::Object& gateway) {
  const kube::Json* nodes = kube::find(*gateway, {"status", "nodes"});
  return nodes != nullptr && nodes->is_array() && !nodes->empty();
}

}  // namespace

Result<GatewayStore::Loaded> GatewayStore::load() {
  RAVEN_ASSIGN(kube::SnapshotStore::Loaded snapshot, store_.load());
  Loaded loaded;
  loaded.generation = snapshot.generation;
  loaded.passed_over = std::move(snapshot.passed_over);
  loaded.gateways = std::move(snapshot.objects[gateway_kind().plural]);
  loaded.listed = std::move(snapshot.objects[std::string{kEmptied}]);
  loaded.listed.insert(loaded.gateways.begin(), loaded.gateways.end());
  listed_ = loaded.listed;
  std::erase_if(listed_, [](const auto& entry) { return !lists_nodes(entry.second); });
  return loaded;
}

Status GatewayStore::save(const kube::Objects& gateways) {
  kube::Objects emptied;
  std::erase_if(listed_, [&](const auto& entry) { return !gateways.contains(entry.first); });
  for (const auto& [name, gateway] : gateways) {
    if (lists_nodes(gateway))
      listed_[name] = gateway;
    else if (const auto before = listed_.find(name); before != listed_.end())
      emptied.insert(*before);
  }
  return store_.save({{gateway_kind().plural, gateways}, {std::string{kEmptied}, emptied}});
}

}  // namespace raven::model
