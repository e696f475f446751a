// The table of drop reasons.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/drop.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace raven::dataplane {
namespace {

TEST(Drop, EveryReasonHasItsOwnNameAndHelp) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kDropCount; ++i) {
    const DropInfo info = drop_info(i);
    if (i == static_cast<std::size_t>(drop_of(EspVerdict::kOk))) {
      EXPECT_EQ(info.name, "") << "success is no drop reason";
      continue;
    }
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.name.empty());
    EXPECT_EQ(info.help.back(), '.') << info.name;
  }
}

TEST(Drop, VerdictsOfEspKeepTheirNames) {
  for (const EspVerdict verdict : {EspVerdict::kReplayOld, EspVerdict::kIcv, EspVerdict::kCipher})
    EXPECT_EQ(drop_info(drop_of(verdict)).name, esp_verdict_name(verdict));
}

}  // namespace
}  // namespace raven::dataplane
