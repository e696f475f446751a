// The client of the control API: deadlines, and gRPC's status as our Result.
// SPDX-License-Identifier: Apache-2.0
#include "common/dpapi/client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

namespace raven::dpapi {
namespace {

// A dataplane that restarts must be found again at once: no long backoff, no shared subchannels.
std::shared_ptr<grpc::Channel> open_channel(const std::string& socket_path) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);  // also the time to connect
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(
      "unix:" + socket_path, grpc::InsecureChannelCredentials(), arguments
  );
}

ErrorCode error_code_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
      return ErrorCode::kUnavailable;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ErrorCode::kTimeout;
    case grpc::StatusCode::INVALID_ARGUMENT:
      return ErrorCode::kInvalid;
    case grpc::StatusCode::PERMISSION_DENIED:
      return ErrorCode::kDenied;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return ErrorCode::kExhausted;
    default:
      return ErrorCode::kInternal;
  }
}

Error error_of(const grpc::Status& status, const std::string& socket_path, const char* name) {
  const ErrorCode code = error_code_of(status.error_code());
  const char* advice = code == ErrorCode::kUnavailable
                           ? " (does raven-dataplane run, and may this uid use its socket?)"
                           : "";
  return Error{
      code,
      fmt::format("dataplane {}: {}: {}{}", socket_path, name, status.error_message(), advice)};
}

}  // namespace

DataplaneClient::DataplaneClient(std::string socket_path, std::chrono::milliseconds deadline)
    : socket_path_{std::move(socket_path)},
      deadline_{deadline},
      stub_{v1::Dataplane::NewStub(open_channel(socket_path_))} {}

template <class Reply, class Request>
Result<Reply> DataplaneClient::call(
    grpc::Status (v1::Dataplane::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
    const Request& request, const char* name
) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + deadline_);
  Reply reply;
  const grpc::Status status = (stub_.get()->*method)(&context, request, &reply);
  if (!status.ok()) return error_of(status, socket_path_, name);
  return reply;
}

// Open: (grpc::ClientContext*) -> std::unique_ptr<grpc::ClientReader<Event>>.
template <class Event, class Open>
Status DataplaneClient::follow(
    Open open, std::stop_token stop, const std::function<void(const Event&)>& event,
    const char* name
) {
  grpc::ClientContext context;
  const std::unique_ptr<grpc::ClientReader<Event>> reader = open(&context);
  const std::stop_callback cancel{stop, [&context] { context.TryCancel(); }};
  Event received;
  while (reader->Read(&received)) event(received);
  const grpc::Status status = reader->Finish();
  if (status.ok() || stop.stop_requested()) return {};
  return error_of(status, socket_path_, name);
}

Result<v1::ApplyResult> DataplaneClient::apply(const v1::DesiredState& state) {
  return call(&v1::Dataplane::Stub::Apply, state, "apply");
}
Result<v1::StatusReply> DataplaneClient::status() {
  return call(&v1::Dataplane::Stub::GetStatus, v1::StatusRequest{}, "status");
}
Result<v1::StatisticsReply> DataplaneClient::statistics() {
  return call(&v1::Dataplane::Stub::GetStatistics, v1::StatisticsRequest{}, "statistics");
}
Result<v1::DropsReply> DataplaneClient::drops() {
  return call(&v1::Dataplane::Stub::ListDrops, v1::DropsRequest{}, "drops");
}
Result<v1::SasReply> DataplaneClient::sas() {
  return call(&v1::Dataplane::Stub::ListSas, v1::SasRequest{}, "sas");
}
Result<v1::RoutesReply> DataplaneClient::routes() {
  return call(&v1::Dataplane::Stub::ListRoutes, v1::RoutesRequest{}, "routes");
}
Status DataplaneClient::trace(
    const v1::TraceRequest& request, std::stop_token stop,
    const std::function<void(const v1::TraceEvent&)>& event
) {
  const auto open = [&](grpc::ClientContext* context) { return stub_->Trace(context, request); };
  return follow<v1::TraceEvent>(open, std::move(stop), event, "trace");
}
Status DataplaneClient::capture(
    const v1::CaptureRequest& request, std::stop_token stop,
    const std::function<void(const v1::CaptureEvent&)>& event
) {
  const auto open = [&](grpc::ClientContext* context) { return stub_->Capture(context, request); };
  return follow<v1::CaptureEvent>(open, std::move(stop), event, "capture");
}

}  // namespace raven::dpapi
