// DataplaneClient: the caller's side of the control API of raven-dataplane.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: any thread; calls block until answered or until the deadline.
// Errors: kUnavailable (nobody listens, or our uid may not connect), kTimeout (outcome unknown),
// kInvalid (refused), kInternal.  The channel connects again by itself.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "common/base/result.h"
#include "common/dpapi/dataplane.grpc.pb.h"

namespace raven::dpapi {

inline constexpr char kDefaultSocket[] = "/run/raven-gateway/dataplane.sock";

class DataplaneClient {
 public:
  explicit DataplaneClient(
      std::string socket_path = kDefaultSocket,
      std::chrono::milliseconds deadline = std::chrono::seconds{3}
  );

  Result<v1::ApplyResult> apply(const v1::DesiredState& state);
  Result<v1::StatusReply> status();
  Result<v1::StatisticsReply> statistics();
  Result<v1::DropsReply> drops();
  Result<v1::SasReply> sas();
  Result<v1::RoutesReply> routes();

  // Calls `event` for each event until the dataplane has ended the stream, or `stop` is requested
  // (from any thread): both are success.  No deadline but that of the request.
  Status trace(
      const v1::TraceRequest& request, std::stop_token stop,
      const std::function<void(const v1::TraceEvent&)>& event
  );
  Status capture(
      const v1::CaptureRequest& request, std::stop_token stop,
      const std::function<void(const v1::CaptureEvent&)>& event
  );

 private:
  // One unary call with the deadline; `method` is a member of the generated stub.
  template <class Reply, class Request>
  Result<Reply> call(
      grpc::Status (v1::Dataplane::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
      const Request& request, const char* name
  );
  template <class Event, class Open>
  Status follow(
      Open open, std::stop_token stop, const std::function<void(const Event&)>& event,
      const char* name
  );

  std::string socket_path_;
  std::chrono::milliseconds deadline_;
  std::unique_ptr<v1::Dataplane::Stub> stub_;
};

}  // namespace raven::dpapi
