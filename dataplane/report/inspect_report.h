// What was seen of packets, with names in place of indices.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include "common/dpapi/dataplane.pb.h"
#include "dataplane/report/view.h"

namespace raven::dataplane {

// Turns cycles into time of day.
class WallClock {
 public:
  WallClock();
  int64_t ns_at(uint64_t tsc) const;  // since 1970

 private:
  uint64_t tsc_;
  int64_t ns_;
};

dpapi::v1::TracedPacket report_story(const View& view, const WallClock& clock, const Story& story);

// The places of a capture, by CapturePlace::index().
void report_interfaces(
    const View& view, const CaptureOptions& options, dpapi::v1::CaptureEvent& event
);
dpapi::v1::CapturedPacket report_copy(
    const View& view, const WallClock& clock, const CaptureRecord& record, const uint8_t* bytes
);
void report_counts(const Capture& capture, dpapi::v1::CaptureEvent& event);

}  // namespace raven::dataplane
