// The life of a traced packet as text.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: an event in, text out.
#pragma once

#include <cstdint>
#include <string>

#include "common/dpapi/dataplane.pb.h"

namespace raven::ctl {

// A heading, a row for each stage, the verdict.  `number` counts the packets shown.
std::string trace_text(const dpapi::v1::TracedPacket& packet, uint64_t number, bool with_bytes);

// "2026-03-01 12:00:00.123456", local time.
std::string time_text(int64_t ns_since_1970);

}  // namespace raven::ctl
