// Names of the contract with Kubernetes and OpenYurt Raven: kinds, labels, annotations.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/kube/object.h"

namespace raven::model {

// Kinds that we watch or write.
const kube::Kind& gateway_kind();         // raven.openyurt.io/v1beta1 gateways
const kube::Kind& node_kind();            // v1 nodes
const kube::Kind& config_map_kind();      // v1 configmaps
const kube::Kind& block_affinity_kind();  // crd.projectcalico.org/v1 blockaffinities

inline constexpr std::string_view kGatewayLabel = "raven.openyurt.io/gateway";
inline constexpr std::string_view kExtraCidrsAnnotation =
    "raven.openyurt.io/extra-allowed-source-cidrs";
// Subnets of the pool that an older Gateway owns, as the controller says: "10.1.0.0/16,fd00::/64".
inline constexpr std::string_view kRefusedSubnetsAnnotation = "raven.openyurt.io/refused-subnets";
// Raven's per-Gateway override of raven-cfg.
inline constexpr std::string_view kEnableTunnelAnnotation = "raven.openyurt.io/enable-tunnel";
inline constexpr std::string_view kEnableProxyAnnotation = "raven.openyurt.io/enable-proxy";
// Any annotation with this in its key: Calico gives out the pod addresses of that node.
inline constexpr std::string_view kCalicoAnnotationPart = "projectcalico.org";
// Stamped by the controller into the config of active endpoints.
inline constexpr std::string_view kEnableTunnelConfig = "enable-l3-tunnel";
inline constexpr std::string_view kEnableProxyConfig = "enable-l7-proxy";

inline constexpr std::string_view kSystemNamespace = "kube-system";
inline constexpr std::string_view kRavenConfigMap = "raven-cfg";
inline constexpr std::string_view kControllerLease = "raven-controller";

// Heartbeat of a gateway box: a Lease in kSystemNamespace with this label, renewed only while its
// dataplane forwards.
inline constexpr std::string_view kHeartbeatLabel = "raven.openyurt.io/gateway-heartbeat";
inline constexpr std::string_view kHeartbeatPrefix = "raven-gateway-";
kube::ObjectName heartbeat_name(std::string_view node);

// The 24-bit id of the tunnel with a peer box, from its node name (FNV-1a-32, never 0).  Both the
// interface id of its SAs and its rows in tables are made of it.
uint32_t tunnel_id(std::string_view node);

}  // namespace raven::model
