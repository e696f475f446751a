// Result<T>: a value or an Error, for failures of the environment (files, sockets, peers, bad
// input).  Programmer bugs are assertions, bad packets are named drops; neither uses this.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: values, no shared state.  Exceptions: none of ours; a wrapper around a throwing
// library catches and returns an Error.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace raven {

// What went wrong, as far as callers act on the difference.  Everything else is in the message.
enum class ErrorCode {
  kInvalid,      // the input is wrong; trying again will not help
  kNotFound,     // the thing is not there
  kExists,       // the thing is there already
  kConflict,     // somebody else changed it first: read again, then retry
  kExpired,      // the resource version is gone: list again
  kDenied,       // not allowed
  kUnavailable,  // the other side is away; retry with backoff
  kTimeout,      // no answer in time; the outcome is unknown
  kExhausted,    // no memory, no space, table full
  kInternal,     // a library failed in a way that we do not expect
};

const char* error_code_name(ErrorCode code);

// An error says what failed, where, why, and what to do about it, in one line.
struct [[nodiscard]] Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  // Prefixes the caller's context: "load /etc/x.yaml: permission denied".
  Error with(const std::string& context) && {
    message = context + ": " + message;
    return std::move(*this);
  }
};

// The message of an errno value, with what was being done: "open /run/x: No such file".
Error errno_error(const std::string& what, int error_number);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_{std::in_place_index<0>, std::move(value)} {}  // NOLINT: implicit on purpose
  Result(Error error)
      : state_{std::in_place_index<1>, std::move(error)} {}  // NOLINT: implicit on purpose

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  T& value() & { return *checked(); }
  const T& value() const& { return *const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(*checked()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return checked(); }
  const T* operator->() const { return const_cast<Result*>(this)->checked(); }
  T value_or(T other) && { return ok() ? std::move(*checked()) : std::move(other); }

  // REQUIRES: !ok().
  Error& error() & { return *failed(); }
  const Error& error() const& { return *const_cast<Result*>(this)->failed(); }
  Error&& error() && { return std::move(*failed()); }

 private:
  T* checked() {
    T* value = std::get_if<0>(&state_);
    assert(value != nullptr);
    return value;
  }
  Error* failed() {
    Error* error = std::get_if<1>(&state_);
    assert(error != nullptr);
    return error;
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_{std::move(error)} {}  // NOLINT: implicit on purpose

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace raven

// Returns the error of a Result<...> expression to the caller.
#define RAVEN_TRY(expression)                                               \
  do {                                                                      \
    auto raven_try_result = (expression);                                   \
    if (!raven_try_result.ok()) return std::move(raven_try_result).error(); \
  } while (false)

// RAVEN_ASSIGN(auto x, f()): x = the value of f(), or returns its error.
#define RAVEN_ASSIGN(declaration, expression) \
  RAVEN_ASSIGN_2(declaration, expression, RAVEN_CONCAT(raven_result_, __LINE__))
#define RAVEN_ASSIGN_2(declaration, expression, name) \
  auto name = (expression);                           \
  if (!name.ok()) return std::move(name).error();     \
  declaration = std::move(name).value()
#define RAVEN_CONCAT(a, b) RAVEN_CONCAT_2(a, b)
#define RAVEN_CONCAT_2(a, b) a##b
