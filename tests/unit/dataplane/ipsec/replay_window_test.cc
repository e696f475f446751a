// The replay window: numbered rules, the table of RFC 4303 appendix A2, and a set as model.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/replay_window.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "dataplane/ipsec/sa_config.h"

namespace raven::dataplane {
namespace {

constexpr uint32_t kSizes[] = {64, 65, 100, 128, 1000, 1024, 4096, 32768};

class ReplayWindowOfSize : public testing::TestWithParam<uint32_t> {};

// Rule 4: holds.  Rule 4: refuses
TEST_P(ReplayWindowOfSize, Row04RefusesZeroAndTakesOneFirst) {
  ReplayWindow window{GetParam()};
  EXPECT_EQ(window.record(0), EspVerdict::kReplayOld);
  EXPECT_EQ(window.record(1), EspVerdict::kOk);
  EXPECT_EQ(window.highest(), 1u);
}

// Rule 8: holds.  Rule 8: refuses
TEST_P(ReplayWindowOfSize, Row08IsExactlyAsWideAsConfigured) {
  const uint32_t size = GetParam();
  for (uint64_t top = size; top < size + uint64_t{200}; ++top) {
    ReplayWindow window{size};
    ASSERT_EQ(window.record(top), EspVerdict::kOk);
    ASSERT_EQ(window.could_accept(top - size), EspVerdict::kReplayOld) << "top " << top;
    if (top - size + 1 == 0) continue;
    ASSERT_EQ(window.record(top - size + 1), EspVerdict::kOk) << "top " << top;
    ASSERT_EQ(window.could_accept(top - size + 1), EspVerdict::kReplayDup) << "top " << top;
  }
}

// Rule 8: refuses
TEST_P(ReplayWindowOfSize, Row08FindsEveryDuplicate) {
  const uint32_t size = GetParam();
  ReplayWindow window{size};
  for (uint64_t number = 1; number <= uint64_t{3} * size; ++number)
    ASSERT_EQ(window.record(number), EspVerdict::kOk);
  for (uint64_t number = uint64_t{2} * size + 1; number <= uint64_t{3} * size; ++number)
    ASSERT_EQ(window.record(number), EspVerdict::kReplayDup) << number;
}

// Rule 9: holds
TEST_P(ReplayWindowOfSize, Row09AskingChangesNothing) {
  ReplayWindow window{GetParam()};
  ASSERT_EQ(window.record(5), EspVerdict::kOk);
  EXPECT_EQ(window.could_accept(1'000'000), EspVerdict::kOk);
  EXPECT_EQ(window.highest(), 5u);
  EXPECT_EQ(window.record(6), EspVerdict::kOk);
}

// Rule 10: holds.  Rule 10: refuses
TEST_P(ReplayWindowOfSize, Row10JumpsFarAndForgetsEverythingBefore) {
  const uint32_t size = GetParam();
  for (const uint64_t jump :
       {uint64_t{size} - 1, uint64_t{size}, uint64_t{size} + 1, uint64_t{2} * size + 63,
        uint64_t{1} << 31, uint64_t{1} << 63}) {
    ReplayWindow window{size};
    for (uint64_t number = 1; number <= uint64_t{2} * size; ++number) (void)window.record(number);
    const uint64_t top = uint64_t{2} * size + jump;
    ASSERT_EQ(window.record(top), EspVerdict::kOk);
    for (uint64_t number = top - size + 1; number < top; ++number)
      ASSERT_EQ(
          window.could_accept(number),
          number <= uint64_t{2} * size ? EspVerdict::kReplayDup : EspVerdict::kOk
      ) << "jump "
        << jump << " number " << number;
  }
}

TEST_P(ReplayWindowOfSize, StartsWithNumbersOfAnEarlierOwnerAsSeen) {
  const uint32_t size = GetParam();
  for (uint64_t highest = 100'000; highest < 100'070; ++highest) {
    ReplayWindow window{size, highest};
    for (uint64_t number = highest - size + 1; number <= highest; ++number)
      ASSERT_EQ(window.could_accept(number), EspVerdict::kReplayDup);
    for (uint64_t number = highest + 1; number < highest + 130; ++number)
      ASSERT_EQ(window.record(number), EspVerdict::kOk) << highest << " " << number;
  }
}

TEST_P(ReplayWindowOfSize, ReachesTheEndOfTheNumberSpace) {
  ReplayWindow window{GetParam(), UINT64_MAX - 2};
  EXPECT_EQ(window.record(UINT64_MAX), EspVerdict::kOk);
  EXPECT_EQ(window.record(UINT64_MAX), EspVerdict::kReplayDup);
  EXPECT_EQ(window.record(UINT64_MAX - 1), EspVerdict::kOk);
  EXPECT_EQ(window.record(0), EspVerdict::kReplayOld);
}

// The simplest thing that can be right: a set of all accepted numbers.
class Model {
 public:
  explicit Model(uint32_t size) : size_{size} {}
  EspVerdict record(uint64_t number) {
    if (number == 0 || (number <= top_ && top_ - number >= size_)) return EspVerdict::kReplayOld;
    if (!seen_.insert(number).second) return EspVerdict::kReplayDup;
    top_ = std::max(top_, number);
    while (top_ - *seen_.begin() >= size_) seen_.erase(seen_.begin());
    return EspVerdict::kOk;
  }
  uint64_t top() const { return top_; }

 private:
  uint32_t size_;
  uint64_t top_ = 0;
  std::set<uint64_t> seen_;
};

// A next number as networks and attackers make them.
uint64_t next_number(std::mt19937_64& random, uint64_t top, uint32_t size) {
  const auto back = [&](uint64_t most) {
    const uint64_t distance = random() % most;
    return top >= distance ? top - distance : 0;
  };
  switch (random() % 16) {
    case 0:
      return back(uint64_t{2} * size);  // anywhere around the window
    case 1:
      return back(size + 3);
    case 2:
      return top + random() % size;
    case 3:
      return random() % 64 == 0 ? top + random() % (uint64_t{4} * size) : top + 1;
    case 4:
    case 5:
    case 6:
      return back(70);
    default:
      return top + 1 + random() % 3;
  }
}

// Rule 8: holds
TEST_P(ReplayWindowOfSize, Row08BehavesLikeASetOverAMillionNumbers) {
  const uint32_t size = GetParam();
  std::mt19937_64 random{size};
  ReplayWindow window{size};
  Model model{size};
  for (int i = 0; i < 1'000'000; ++i) {
    const uint64_t number = next_number(random, model.top(), size);
    const EspVerdict asked = window.could_accept(number);
    const EspVerdict expected = model.record(number);
    ASSERT_EQ(asked, expected) << "number " << number << " top " << model.top();
    ASSERT_EQ(window.record(number), expected) << "number " << number;
    ASSERT_EQ(window.highest(), model.top());
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, ReplayWindowOfSize, testing::ValuesIn(kSizes));

// RFC 4303 appendix A2.2, computed by hand.
struct Inference {
  uint32_t window;
  uint64_t highest;
  uint32_t wire;
  uint64_t number;
};

// Rule 7: holds.  Rule 7: refuses
TEST(EsnInference, Row07FollowsTheTable) {
  constexpr Inference kRows[] = {
      {1024, 0x0'00000400, 0x00000401, 0x0'00000401},  // the next packet
      {1024, 0x0'ffffffff, 0x00000000, 0x1'00000000},  // first after the wrap
      {1024, 0x1'fffffc00, 0x00000010, 0x2'00000010},  // forward over the wrap
      {1024, 0x1'00000005, 0xfffffffd, 0x0'fffffffd},  // late, from before the wrap
      {1024, 0x1'00000005, 0xfffffc06, 0x0'fffffc06},  // oldest inside
      {1024, 0x1'00000005, 0xfffffc05, 0x1'fffffc05},  // just outside: far future
      {1024, 0x0'00000005, 0xfffffffd, 0x0'fffffffd},  // not before the beginning
      {1024, 0x0'80000000, 0x7ffffc01, 0x0'7ffffc01},  // oldest inside
      {1024, 0x0'80000000, 0x7ffffc00, 0x1'7ffffc00},  // just outside
      {1024, 0x0'000003ff, 0x00000000, 0x0'00000000},  // number 0
      {4096, 0x0'fffffffe, 0x00000003, 0x1'00000003},
  };
  for (const Inference& row : kRows) {
    const ReplayWindow window{row.window, row.highest};
    EXPECT_EQ(window.infer(row.wire), row.number)
        << std::hex << "highest " << row.highest << " wire " << row.wire;
  }
}

// Rule 7: refuses
TEST(EsnInference, Row07NumberZeroIsOld) {
  const ReplayWindow window{1024, 0x3ff};
  EXPECT_EQ(window.could_accept(window.infer(0)), EspVerdict::kReplayOld);
}

// Rule 7: holds
TEST(EsnInference, Row07FindsEveryNumberInAndAheadOfTheWindow) {
  for (const uint32_t size : kSizes)
    for (const uint64_t top :
         {uint64_t{size}, uint64_t{0xffffffff}, uint64_t{0x1'00000000},
          uint64_t{0x7'00000000} + size - 1, uint64_t{0x7'00000000} + size}) {
      const ReplayWindow window{size, top};
      for (uint64_t number = top - size + 1; number < top + 3 * uint64_t{size}; ++number)
        ASSERT_EQ(window.infer(static_cast<uint32_t>(number)), number) << "top " << top;
    }
}

}  // namespace
}  // namespace raven::dataplane
