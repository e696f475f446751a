// Sad: SPI lookup.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/sad.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace raven::dataplane {
namespace {

TEST(Sad, EmptyTableKnowsNothing) {
  const Sad sad;
  EXPECT_EQ(sad.find(0), nullptr);
  EXPECT_EQ(sad.find(256), nullptr);
}

// Rule 3: holds.  Rule 3: refuses
TEST(Sad, FindsEverySpiAndNoOther) {
  std::mt19937 random{3};
  std::map<uint32_t, SadEntry> model;
  while (model.size() < 5000) {
    const uint32_t spi = 256 + static_cast<uint32_t>(random() % 20000);
    model[spi] = {.spi = spi, .peer = PeerIndex{static_cast<uint16_t>(model.size())}};
  }
  std::vector<SadEntry> entries;
  for (const auto& [spi, entry] : model) entries.push_back(entry);
  for (const uint64_t key : {0ull, 0x123456789abcdefull, ~0ull}) {
    const Sad sad{entries, key};
    EXPECT_EQ(sad.size(), model.size());
    for (uint32_t spi = 0; spi < 21000; ++spi) {
      const SadEntry* found = sad.find(spi);
      ASSERT_EQ(found != nullptr, model.contains(spi)) << spi;
      if (found != nullptr) {
        ASSERT_EQ(found->peer, model[spi].peer);
      }
    }
  }
}

}  // namespace
}  // namespace raven::dataplane
