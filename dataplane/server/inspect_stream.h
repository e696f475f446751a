// The two calls that look at packets: they run until all is seen, the time is over, or the caller
// hangs up.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: a thread of gRPC, which it occupies; what it needs of the engine and of the inspector
// it asks the loop for.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/sync_stream.h>

#include "common/dpapi/dataplane.pb.h"
#include "common/event/loop.h"
#include "dataplane/engine/engine.h"
#include "dataplane/server/inspector.h"

namespace raven::dataplane {

grpc::Status stream_trace(
    event::Loop& loop, Engine& engine, Inspector& inspector, const grpc::ServerContext& context,
    const dpapi::v1::TraceRequest& request, grpc::ServerWriter<dpapi::v1::TraceEvent>& writer
);
grpc::Status stream_capture(
    event::Loop& loop, Engine& engine, Inspector& inspector, const grpc::ServerContext& context,
    const dpapi::v1::CaptureRequest& request, grpc::ServerWriter<dpapi::v1::CaptureEvent>& writer
);

}  // namespace raven::dataplane
