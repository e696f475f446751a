// World: everything that the controller plans from, parsed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "common/model/block_affinity.h"
#include "common/model/gateway.h"
#include "common/model/node.h"
#include "common/model/raven_cfg.h"

namespace raven::controller {

// A view: the maps live elsewhere, keyed by object name.
struct World {
  const std::map<std::string, model::Gateway>& gateways;
  const std::map<std::string, model::Node>& nodes;
  const std::map<std::string, model::BlockAffinity>& blocks;
  model::RavenConfig switches;
};

}  // namespace raven::controller
