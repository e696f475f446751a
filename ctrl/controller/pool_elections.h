// PoolElections: one election for each pool and type, fed from the world.
// SPDX-License-Identifier: Apache-2.0
//
// Time is injected.  Keeps the memory of each election (hold-down, cut-off) between rounds; one
// that is switched off or whose Gateway is gone is forgotten.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ctrl/controller/election.h"
#include "ctrl/controller/world.h"

namespace raven::controller {

struct Elected {  // unset: switched off
  std::optional<Outcome> tunnel;
  std::optional<Outcome> proxy;
  bool operator==(const Elected&) const = default;
};

using ElectedByGateway = std::map<std::string, Elected>;

class PoolElections {
 public:
  explicit PoolElections(ElectionConfig config) : config_{config} {}

  ElectedByGateway run(const World& world, const Heartbeats& heartbeats, Instant now);

 private:
  using Key = std::pair<std::string, model::EndpointType>;
  std::optional<Outcome> run_one(
      const World& world, const model::Gateway& gateway, model::EndpointType type,
      const Heartbeats& heartbeats, Instant now
  );

  ElectionConfig config_;
  std::map<Key, Election> elections_;
};

// The ballot of one pool and type.
Ballot make_ballot(
    const World& world, const model::Gateway& gateway, model::EndpointType type,
    const Heartbeats& heartbeats, Instant now
);

}  // namespace raven::controller
