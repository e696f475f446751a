// Tables: everything that control tells workers.  One object per dataplane.
// SPDX-License-Identifier: Apache-2.0
//
// Workers only read (but for the fields marked "worker: wo" in adjacency.h and peers.h); only
// TableWriter writes.  Published objects are replaced as a whole, slots are changed field by field.
#pragma once

#include <atomic>
#include <memory>

#include "dataplane/settings.h"
#include "dataplane/table/adjacency.h"
#include "dataplane/table/fib.h"
#include "dataplane/table/local_box.h"
#include "dataplane/table/nodes.h"
#include "dataplane/table/peers.h"
#include "dataplane/table/published.h"
#include "dataplane/table/sad.h"

namespace raven::dataplane {

// Prefixes and the nodes they point at change together.
struct Topology {
  Fib fib;
  NodeTable nodes;
};

struct Tables {
  explicit Tables(const TableSettings& limits)
      : topology{std::make_unique<const Topology>()},
        sad{std::make_unique<const Sad>()},
        box{std::make_unique<const LocalBox>()},
        adjacencies{limits.adjacencies_max},
        peers{limits.tunnels_max},
        pools{limits.tunnels_max} {}

  Published<Topology> topology;
  Published<Sad> sad;
  Published<LocalBox> box;
  AdjacencyTable adjacencies;
  PeerTable peers;
  PoolTable pools;
  // The flag kProbeFlagForwarding of answers on the LAN.  worker: ro   control: wo
  std::atomic<bool> forwarding{false};
};

}  // namespace raven::dataplane
