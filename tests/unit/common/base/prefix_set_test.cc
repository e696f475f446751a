// SPDX-License-Identifier: Apache-2.0
#include "common/base/prefix_set.h"

#include <gtest/gtest.h>

#include <random>

namespace raven {
namespace {

unsigned below(std::minstd_rand& dice, unsigned bound) {
  return static_cast<unsigned>(dice() % bound);
}

IpPrefix random_prefix(std::minstd_rand& dice) {
  const IpAddress address = IpAddress::v4((10u << 24) + below(dice, 4096));
  return IpPrefix::masked(address, 20 + below(dice, 13));
}

std::string text(const IpPrefix* prefix) {
  return prefix == nullptr ? "none" : prefix->text();
}

TEST(PrefixSet, AnswersAsALookAtEachPrefixWould) {
  std::minstd_rand dice{7};
  unsigned within = 0, around = 0;
  for (unsigned round = 0; round < 2000; ++round) {
    std::vector<IpPrefix> all;
    for (unsigned i = below(dice, 12); i > 0; --i) all.push_back(random_prefix(dice));
    const PrefixSet set{all};
    const IpPrefix asked = random_prefix(dice);
    const IpPrefix *first = nullptr, *outermost = nullptr;
    for (const IpPrefix& other : all) {
      if (asked.contains(other) && (first == nullptr || other < *first)) first = &other;
      if (other.contains(asked) && (outermost == nullptr || other < *outermost)) outermost = &other;
    }
    ASSERT_EQ(text(set.first_within(asked)), text(first));
    ASSERT_EQ(text(set.outermost_around(asked)), text(outermost));
    within += first != nullptr;
    around += outermost != nullptr;
  }
  EXPECT_GT(within, 100u) << "or the test shows nothing";
  EXPECT_GT(around, 100u);
}

}  // namespace
}  // namespace raven
