// SPDX-License-Identifier: Apache-2.0
#include "common/base/result.h"

#include <cerrno>
#include <system_error>

namespace raven {

const char* error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kExists:
      return "exists";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kExpired:
      return "expired";
    case ErrorCode::kDenied:
      return "denied";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kExhausted:
      return "exhausted";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "unknown";
}

static ErrorCode code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ESRCH:
    case ENODEV:
      return ErrorCode::kNotFound;
    case EEXIST:
      return ErrorCode::kExists;
    case EACCES:
    case EPERM:
      return ErrorCode::kDenied;
    case EINVAL:
      return ErrorCode::kInvalid;
    case ETIMEDOUT:
      return ErrorCode::kTimeout;
    case ENOMEM:
    case ENOSPC:
    case EMFILE:
    case ENFILE:
      return ErrorCode::kExhausted;
    case EAGAIN:
    case EBUSY:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case ENETUNREACH:
    case EHOSTUNREACH:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

Error errno_error(const std::string& what, int error_number) {
  return {code_of_errno(error_number), what + ": " + std::generic_category().message(error_number)};
}

}  // namespace raven
