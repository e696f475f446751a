// View: everything that a report may tell of this dataplane.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.  References: of use until the loop goes on.
#pragma once

#include "dataplane/engine/engine.h"
#include "dataplane/mirror/mirror.h"
#include "dataplane/worker/packet_path.h"

namespace raven::dataplane {

struct View : EngineView {
  const PacketPath& path;
  const Mirror& mirror;
};

// Where a view comes from, each time anew.  Itself it may be held by any thread.
struct ViewSource {
  const Engine& engine;
  const PacketPath& path;
  const Mirror& mirror;

  View view() const { return {engine.view(), path, mirror}; }
};

}  // namespace raven::dataplane
