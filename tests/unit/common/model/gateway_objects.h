// Gateways as the API server has them: "edge" with the box e1, "cloud" with c1.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "common/kube/json_value.h"
#include "common/kube/object.h"

namespace raven::model {

inline const std::string kEdge = R"({"nodeName": "e1", "privateIP": "192.168.1.1",
                                     "subnets": ["10.1.0.0/16"]})";
inline const std::string kCloud = R"({"nodeName": "c1", "privateIP": "192.168.2.1",
                                      "subnets": ["10.2.0.0/16"]})";

// `nodes`: what its status lists, "" or one of the above.
inline kube::Object gateway_object(const std::string& name, const std::string& nodes) {
  const std::string box = name.substr(0, 1) + "1";
  const std::string text = R"({"metadata": {"name": ")" + name +
                           R"("}, "spec": {"tunnelConfig": {"Replicas": 1}, "endpoints": [
                              {"nodeName": ")" +
                           box + R"(", "type": "tunnel", "publicIP": "203.0.113.1"}]},
                              "status": {"nodes": [)" +
                           nodes + "]}}";
  return std::make_shared<const kube::Json>(*kube::parse_json(text));
}

}  // namespace raven::model
