// Result carries a value or an error, and context grows from the outside.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace raven {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{ErrorCode::kInvalid, "odd"};
  return number / 2;
}

Result<int> quarter(int number) {
  RAVEN_ASSIGN(const int first, half(number));
  RAVEN_ASSIGN(const int second, half(first));
  return second;
}

Status check_even(int number) {
  RAVEN_TRY(half(number));
  return {};
}

TEST(Result, ReturnsTheFirstErrorOfAChain) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(check_even(2).ok());
  EXPECT_EQ(check_even(3).error().code, ErrorCode::kInvalid);
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> result{std::make_unique<int>(7)};
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 7);
}

TEST(Error, PutsContextInFront) {
  const Error error = errno_error("open /x", ENOENT).with("load settings");
  EXPECT_EQ(error.message, "load settings: open /x: No such file or directory");
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace raven
