// Inspector: starts and ends what looks at packets: one trace and one capture at a time.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include <memory>

#include "common/base/result.h"
#include "dataplane/worker/packet_path.h"

namespace raven::dataplane {

class Inspector {
 public:
  explicit Inspector(PacketPath& path) : path_{path} {}

  // kExhausted: another one is under way.
  Result<std::shared_ptr<Trace>> start_trace(const Filter& filter, uint64_t packets);
  Result<std::shared_ptr<Capture>> start_capture(const CaptureOptions& options);
  void stop_trace();
  void stop_capture();

 private:
  void publish() { path_.inspect(trace_, capture_); }

  PacketPath& path_;
  std::shared_ptr<Trace> trace_;
  std::shared_ptr<Capture> capture_;
};

}  // namespace raven::dataplane
