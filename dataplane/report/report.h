// Report: what the dataplane says about itself over the control API.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include "common/dpapi/dataplane.pb.h"
#include "dataplane/report/view.h"

namespace raven::dataplane {

dpapi::v1::StatusReply report_status(const View& view);
dpapi::v1::SasReply report_sas(const View& view);
dpapi::v1::RoutesReply report_routes(const View& view);
// A row for each reason and stage, and one for each reason that never occurred.
dpapi::v1::DropsReply report_drops(std::span<const DropRow> rows);
void report_errors(
    const std::vector<ItemError>& errors,
    google::protobuf::RepeatedPtrField<dpapi::v1::ItemError>& out
);

}  // namespace raven::dataplane
