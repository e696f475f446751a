// What ravenctl shows of a dataplane: answers of the control API as tables or JSON.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: an answer in, text out.  JSON has the field names of dataplane.proto.
#pragma once

#include <string>

#include "common/dpapi/dataplane.pb.h"

namespace raven::ctl {

std::string status_text(const dpapi::v1::StatusReply& status);
// up | DOWN | unverified (keys, but no probe was ever answered)
std::string tunnel_state(const dpapi::v1::TunnelStatus& tunnel);
std::string tunnels_text(const dpapi::v1::StatusReply& status);
std::string sas_text(const dpapi::v1::SasReply& sas);
std::string routes_text(const dpapi::v1::RoutesReply& routes);
// `all`: counters that are zero too.
std::string statistics_text(const dpapi::v1::StatisticsReply& statistics, bool all);
std::string drops_text(const dpapi::v1::DropsReply& drops, bool all);

std::string json_text(const google::protobuf::Message& answer);
// The same in one line.
std::string json_line(const google::protobuf::Message& event);

}  // namespace raven::ctl
