// Our errors as gRPC status codes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/grpcpp.h>

#include "common/base/result.h"

namespace raven::dataplane {

inline grpc::StatusCode status_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kConflict:
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound:
      return grpc::StatusCode::INVALID_ARGUMENT;  // the caller's fault
    case ErrorCode::kExhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    default:
      return grpc::StatusCode::INTERNAL;
  }
}

inline grpc::Status status_of(const Error& error) {
  return {status_code(error.code), error.message};
}

inline grpc::Status busy() {
  return {grpc::StatusCode::UNAVAILABLE, "the control thread is busy or ends"};
}

}  // namespace raven::dataplane
