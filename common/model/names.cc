// SPDX-License-Identifier: Apache-2.0
#include "common/model/names.h"

namespace raven::model {

const kube::Kind& gateway_kind() {
  static const kube::Kind kind{"raven.openyurt.io", "v1beta1", "gateways", "Gateway", false};
  return kind;
}

const kube::Kind& node_kind() {
  static const kube::Kind kind{"", "v1", "nodes", "Node", false};
  return kind;
}

const kube::Kind& config_map_kind() {
  static const kube::Kind kind{"", "v1", "configmaps", "ConfigMap", true};
  return kind;
}

const kube::Kind& block_affinity_kind() {
  static const kube::Kind kind{
      "crd.projectcalico.org", "v1", "blockaffinities", "BlockAffinity", false};
  return kind;
}

kube::ObjectName heartbeat_name(std::string_view node) {
  return {std::string{kSystemNamespace}, std::string{kHeartbeatPrefix} + std::string{node}};
}

uint32_t tunnel_id(std::string_view node) {
  uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : node) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  const uint32_t id = hash & 0xffffff;
  return id != 0 ? id : 1;
}

}  // namespace raven::model
