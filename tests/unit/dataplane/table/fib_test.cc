// Fib against the simplest possible model: look at every prefix.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/fib.h"

#include <gtest/gtest.h>

#include <random>

namespace raven::dataplane {
namespace {

Target naive_lookup(const std::vector<FibRow>& rows, const IpAddress& address) {
  const FibRow* best = nullptr;
  for (const FibRow& row : rows) {
    if (row.prefix.family() != address.family() || !row.prefix.contains(address)) continue;
    if (best == nullptr || row.prefix.length() >= best->prefix.length()) best = &row;
  }
  return best == nullptr ? Target{} : best->target;
}

// Addresses from few values per byte, so that prefixes nest and meet often.
IpAddress random_address(std::mt19937& random, IpFamily family) {
  static constexpr uint8_t kBytes[] = {0, 1, 10, 127, 128, 255};
  uint8_t bytes[16];
  for (uint8_t& byte : bytes) byte = kBytes[random() % std::size(kBytes)];
  return family == IpFamily::kV4 ? IpAddress::v4_bytes(bytes) : IpAddress::v6_bytes(bytes);
}

class FibModelTest : public testing::TestWithParam<IpFamily> {};

TEST_P(FibModelTest, RandomPrefixesAnswerAsTheModel) {
  std::mt19937 random{7};
  for (int round = 0; round < 30; ++round) {
    std::vector<FibRow> rows;
    for (uint16_t i = 0; i < 200; ++i) {
      const IpAddress address = random_address(random, GetParam());
      const unsigned length = static_cast<unsigned>(random() % (address.bits() + 1));
      rows.push_back({IpPrefix::masked(address, length), Target::remote(PoolIndex{i})});
    }
    const Fib fib{rows};
    for (int i = 0; i < 500; ++i) {
      const IpAddress address = random_address(random, GetParam());
      ASSERT_EQ(fib.lookup(address), naive_lookup(rows, address)) << address.text();
    }
    for (const FibRow& row : rows)
      ASSERT_EQ(fib.lookup(row.prefix.address()), naive_lookup(rows, row.prefix.address()));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Families, FibModelTest, testing::Values(IpFamily::kV4, IpFamily::kV6),
    [](const auto& given) { return given.param == IpFamily::kV4 ? "v4" : "v6"; }
);

TEST(Fib, EmptyHasNoTarget) {
  EXPECT_EQ(Fib{}.lookup(IpAddress::v4(0x0a000001)).kind, TargetKind::kNone);
}

TEST(Fib, TargetsOfAllKindsComeBackAsTheyWere) {
  for (const Target target :
       {Target::drop(), Target::kernel(), Target::remote(PoolIndex{65535}),
        Target::node(NodeIndex{0})})
    EXPECT_EQ(Target::unpack(target.packed()), target);
}

TEST(Fib, HundredThousandHostRoutesFitIntoFourMegabytes) {
  std::vector<FibRow> rows;
  for (uint32_t i = 0; i < 100000; ++i)
    rows.push_back({IpPrefix::host(IpAddress::v4(0x0a000000 + i)), Target::kernel()});
  const Fib fib{rows};
  EXPECT_EQ(fib.lookup(IpAddress::v4(0x0a000000 + 99999)), Target::kernel());
  EXPECT_EQ(fib.lookup(IpAddress::v4(0x0a000000 + 100000)), Target{});
  EXPECT_LT(fib.memory_bytes(), 4u << 20);
}

}  // namespace
}  // namespace raven::dataplane
