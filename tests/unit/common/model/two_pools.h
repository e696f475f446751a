// TwoPools: a network of the pools "cloud" and "edge", seen from the node "edge-node".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "common/model/network.h"

namespace raven::model {

inline IpPrefix prefix(const char* text) {
  return IpPrefix::parse(text).value();
}

class TwoPools : public testing::Test {
 protected:
  TwoPools() {
    network_.self = "edge-node";
    network_.pools.resize(2);
    cloud().name = "cloud";
    cloud().members = {{"cloud-gw", {}, {prefix("10.2.0.0/16"), prefix("fd02::/48")}}};
    edge().name = "edge";
    edge().members = {{"edge-node", {}, {prefix("10.1.5.0/24")}}};
    for (Pool& pool : network_.pools) {
      pool.tunnels_enabled = true;
      pool.prefixes = pool.members[0].prefixes;
    }
    network_.own = 1;
  }
  Pool& cloud() { return network_.pools[0]; }
  Pool& edge() { return network_.pools[1]; }

  Network network_;
};

}  // namespace raven::model
