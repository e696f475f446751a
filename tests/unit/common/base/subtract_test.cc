// SPDX-License-Identifier: Apache-2.0
#include "common/base/subtract.h"

#include <gtest/gtest.h>

#include <string>

namespace raven {
namespace {

std::vector<std::string> left_of(const char* from, const std::vector<std::string>& holes) {
  std::vector<IpPrefix> parsed;
  for (const std::string& hole : holes) parsed.push_back(*IpPrefix::parse(hole));
  std::vector<std::string> texts;
  for (const IpPrefix& rest : subtract(*IpPrefix::parse(from), parsed))
    texts.push_back(rest.text());
  return texts;
}

TEST(Subtract, LeavesTheFewestPrefixesAroundTheHoles) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(left_of("10.0.0.0/8", {}), Texts{"10.0.0.0/8"});
  EXPECT_EQ(left_of("10.0.0.0/8", {"11.0.0.0/8", "fd00::/8"}), Texts{"10.0.0.0/8"});
  EXPECT_EQ(left_of("10.0.0.0/8", {"10.0.0.0/8"}), Texts{});
  EXPECT_EQ(left_of("10.1.0.0/16", {"0.0.0.0/0"}), Texts{});
  EXPECT_EQ(
      left_of("10.0.0.0/22", {"10.0.1.0/24", "10.0.1.7/32"}), (Texts{"10.0.0.0/24", "10.0.2.0/23"})
  );
  EXPECT_EQ(left_of("10.0.0.0/31", {"10.0.0.1/32"}), Texts{"10.0.0.0/32"});
  EXPECT_EQ(left_of("fd00::/126", {"fd00::2/128"}), (Texts{"fd00::/127", "fd00::3/128"}));
}

}  // namespace
}  // namespace raven
