// What a caller wants to look at: names become indices, everything is checked.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include "common/base/result.h"
#include "common/dpapi/dataplane.pb.h"
#include "dataplane/report/view.h"

namespace raven::dataplane {

// kInvalid: a value or a name is wrong; the message says which and what there is.
Result<Filter> read_filter(const View& view, const dpapi::v1::PacketFilter& filter);
Result<CaptureOptions> read_capture(const View& view, const dpapi::v1::CaptureRequest& request);

}  // namespace raven::dataplane
