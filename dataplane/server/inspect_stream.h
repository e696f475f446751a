// The two calls that look at packets: they run until all is seen, the time is over, or the caller
// disconnects.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: a thread of gRPC, which it occupies; a view and the inspector it uses on the loop.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/sync_stream.h>

#include "common/dpapi/dataplane.pb.h"
#include "common/event/loop.h"
#include "dataplane/report/view.h"
#include "dataplane/server/inspector.h"

namespace raven::dataplane {

grpc::Status stream_trace(
    event::Loop& loop, const ViewSource& source, Inspector& inspector,
    const grpc::ServerContext& context, const dpapi::v1::TraceRequest& request,
    grpc::ServerWriter<dpapi::v1::TraceEvent>& writer
);
grpc::Status stream_capture(
    event::Loop& loop, const ViewSource& source, Inspector& inspector,
    const grpc::ServerContext& context, const dpapi::v1::CaptureRequest& request,
    grpc::ServerWriter<dpapi::v1::CaptureEvent>& writer
);

}  // namespace raven::dataplane
