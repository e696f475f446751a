// RavenConfig: the switches in ConfigMap kube-system/raven-cfg.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/kube/json.h"
#include "common/model/gateway.h"

namespace raven::model {

struct RavenConfig {
  bool tunnel = false;
  bool proxy = false;

  // nullptr: there is no such ConfigMap, both are off.  On is the word "true" in any case.
  static RavenConfig parse(const kube::Json* config_map);

  // With the annotations by which one Gateway overrides the switches.
  RavenConfig for_gateway(const Gateway& gateway) const;

  bool operator==(const RavenConfig&) const = default;
};

}  // namespace raven::model
