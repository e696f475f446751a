// SPDX-License-Identifier: Apache-2.0
#include "dataplane/server/inspector.h"

#include "common/base/log.h"

namespace raven::dataplane {

Result<std::shared_ptr<Trace>> Inspector::start_trace(const Filter& filter, uint64_t packets) {
  if (trace_)
    return Error{ErrorCode::kExhausted, "another trace is under way: end that one, or wait"};
  trace_ = std::make_shared<Trace>(filter, packets, path_.worker_count());
  publish();
  log::info("inspect", "a trace begins, of {} packets", packets);
  return trace_;
}

Result<std::shared_ptr<Capture>> Inspector::start_capture(const CaptureOptions& options) {
  if (capture_)
    return Error{ErrorCode::kExhausted, "another capture is under way: end that one, or wait"};
  std::string points;
  for (std::size_t i = 0; i < kCapturePoints; ++i)
    if (options.points[i])
      points += " " + std::string{capture_point_name(static_cast<CapturePoint>(i))};
  capture_ = std::make_shared<Capture>(options, path_.worker_count());
  publish();
  log::info("inspect", "a capture begins:{}", points);
  return capture_;
}

void Inspector::stop_trace() {
  trace_.reset();
  publish();
  log::info("inspect", "the trace ends");
}

void Inspector::stop_capture() {
  capture_.reset();
  publish();
  log::info("inspect", "the capture ends");
}

}  // namespace raven::dataplane
