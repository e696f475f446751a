// Inspection: the trace and the capture that run now.  Published to the workers as a whole; null
// while there are none, which the pipeline tests once for each burst.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "dataplane/inspect/capture.h"
#include "dataplane/inspect/trace.h"

namespace raven::dataplane {

class Inspection {
 public:
  Inspection(std::shared_ptr<Trace> trace, std::shared_ptr<Capture> capture)
      : trace_{std::move(trace)}, capture_{std::move(capture)} {}

  // Worker: runs the stage over its lane and looks before and after.
  void run(Context& context, const StageRow& row, Lane& lane) const;

 private:
  std::shared_ptr<Trace> trace_;      // may be null
  std::shared_ptr<Capture> capture_;  // may be null
};

}  // namespace raven::dataplane
