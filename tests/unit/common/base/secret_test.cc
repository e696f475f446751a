// A secret cannot be copied or printed, and leaves nothing behind.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/secret.h"

#include <gtest/gtest.h>

#include <array>
#include <type_traits>

namespace raven {
namespace {

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);

constexpr std::array<uint8_t, 4> kBytes{1, 2, 3, 4};

TEST(Secret, ComparesContentAndLength) {
  const Secret secret{kBytes};
  EXPECT_TRUE(secret.equals(Secret{kBytes}));
  EXPECT_FALSE(secret.equals(Secret{std::span{kBytes}.first(3)}));
  std::array<uint8_t, 4> other = kBytes;
  other[3] = 5;
  EXPECT_FALSE(secret.equals(Secret{other}));
}

TEST(Secret, WipesTheBytesItHeld) {
  Secret secret{kBytes};
  const uint8_t* memory = secret.expose().data();
  secret.wipe();
  EXPECT_TRUE(secret.empty());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(memory[i], 0);  // the storage is kept until destruction
}

TEST(Secret, LeavesAMovedFromSecretEmpty) {
  Secret first{kBytes};
  const Secret second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): the contract under test
  EXPECT_EQ(second.size(), 4u);
}

}  // namespace
}  // namespace raven
