// GatewayStore: the Gateways on disk, and what a status said before it was emptied.
// SPDX-License-Identifier: Apache-2.0
//
// A Gateway that is deleted and created again lists no nodes until the controller has filled its
// status.  Until then the agents use what it listed before, which must not be lost when an agent
// restarts just then.
//
// Threading: one thread; one process per folder.
#pragma once

#include <string>

#include "common/kube/snapshot.h"

namespace raven::model {

class GatewayStore {
 public:
  explicit GatewayStore(std::string folder) : store_{std::move(folder)} {}

  struct Loaded {
    uint64_t generation = 0;
    kube::Objects gateways;   // as seen last
    kube::Objects listed;     // the same, each as it was when it last listed nodes
    std::string passed_over;  // why newer files were not used; empty: none
  };
  // Before the first save().  kNotFound when a previous run left nothing that can be used.
  Result<Loaded> load();

  // Does nothing when nothing changed.
  Status save(const kube::Objects& gateways);

 private:
  kube::SnapshotStore store_;
  kube::Objects listed_;  // as last seen with nodes
};

}  // namespace raven::model
