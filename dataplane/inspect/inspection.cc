// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/inspection.h"

namespace raven::dataplane {

void Inspection::run(Context& context, const StageRow& row, Lane& lane) const {
  StageRun run{context, row.stage, lane};
  if (trace_) trace_->before(context, run);
  if (capture_) capture_->before(context, run);
  row.run(context, lane);
  run.finish(context);
  if (capture_) capture_->after(context, run);
  if (trace_) trace_->after(context, run);
}

}  // namespace raven::dataplane
