// What SAs leave in memory that outlives them: nobody who goes on from it repeats a nonce or takes
// a packet twice.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/sa_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "dataplane/ipsec/sealed.h"
#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane {
namespace {

using namespace test;

constexpr uint64_t kNumbers[] = {0, 1, 255, 4096, 0x1234'5678'9abc, kSealedMax};

TEST(Sealed, GivesBackWhatWasSealed) {
  for (const uint64_t number : kNumbers) EXPECT_EQ(unseal(seal(number)), number);
}

TEST(Sealed, RefusesNothingWrittenAndNumbersThatDoNotFit) {
  EXPECT_EQ(unseal(0), std::nullopt);
  EXPECT_EQ(unseal(seal(kSealedMax + 1)), std::nullopt);
}

TEST(Sealed, RefusesEveryDamageOfOneByte) {
  for (const uint64_t number : kNumbers)
    for (unsigned byte = 0; byte < 8; ++byte)
      for (uint64_t flips = 1; flips < 256; ++flips)
        ASSERT_EQ(unseal(seal(number) ^ flips << 8 * byte), std::nullopt) << number;
}

// An outbound SA of worker 0 that keeps its mark in `mark`.
std::unique_ptr<OutboundSa> outbound_at(
    Worker& worker, bool esn, uint64_t last, std::atomic<uint64_t>& mark
) {
  SaConfig config = sa_config(Direction::kOutbound);
  config.esn = esn;
  config.last_sequence = last;
  return OutboundSa::create(config, WorkerId{0}, worker.library(), {.mark = &mark}).value();
}

uint64_t reserved(const std::atomic<uint64_t>& mark) {
  return unseal(mark.load()).value() * kReservedNumbers;
}

// Rule 39: holds
TEST(SaMemory, HoldsAMarkThatNoUsedNumberIsAbove) {
  Worker worker;
  for (const bool esn : {false, true}) {
    std::atomic<uint64_t> mark{0};
    const uint64_t near_end = 3 * kReservedNumbers - 5;
    const auto sa = outbound_at(worker, esn, near_end, mark);
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
      ASSERT_LE(sa->sequence(), reserved(mark)) << "packet " << i;
    }
    EXPECT_EQ(sa->sequence(), near_end + 20);
    EXPECT_EQ(reserved(mark), 4 * kReservedNumbers) << "one block at a time";
  }
}

// Rule 39: refuses
TEST(SaMemory, LetsASuccessorStartAboveEverythingThatWasUsed) {
  Worker worker;
  std::atomic<uint64_t> mark{0};
  std::set<uint64_t> used;
  for (int crash = 0; crash < 10; ++crash) {
    const auto sa = outbound_at(worker, true, crash == 0 ? 0 : reserved(mark), mark);
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
      ASSERT_TRUE(used.insert(sa->sequence()).second) << "a number came twice";
    }
  }
}

// Rule 5: refuses
TEST(SaMemory, EndsTheNumbersWhereTheyEndWithoutIt) {
  Worker worker;
  for (const bool esn : {false, true}) {
    std::atomic<uint64_t> mark{0};
    const auto sa = outbound_at(worker, esn, (esn ? UINT64_MAX : UINT32_MAX) - 2, mark);
    EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
    EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
    EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kSeqExhausted);
    EXPECT_FALSE(sa->usable());
  }
}

class KeptWindow : public testing::TestWithParam<uint32_t> {
 protected:
  std::vector<uint64_t> memory = std::vector<uint64_t>(ReplayWindow::words(GetParam()));
};

TEST_P(KeptWindow, GoesOnAsIfNothingHadHappened) {
  const uint32_t size = GetParam();
  std::mt19937_64 random{size};
  ReplayWindow without_crash{size};
  auto window = std::make_unique<ReplayWindow>(size, 0, memory.data());
  uint64_t top = 0;
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t back = random() % (size + 70);
    const uint64_t number = random() % 4 == 0 && top > back ? top - back : top + 1 + random() % 100;
    ASSERT_EQ(window->record(number), without_crash.record(number)) << number;
    top = std::max(top, number);
    if (random() % 64 != 0) continue;
    window.reset(new ReplayWindow(ReplayWindow::resume(size, memory.data())));
    ASSERT_EQ(window->highest(), without_crash.highest());
  }
}

// The move of a window is one store and then a row of stores that clear words, in any number.
TEST_P(KeptWindow, TakesNothingTwiceWhenTheMoveWasCutOff) {
  const uint32_t size = GetParam();
  std::mt19937_64 random{size};
  for (const uint64_t jump : {uint64_t{1}, uint64_t{64}, uint64_t{640}, 3 * uint64_t{size}}) {
    ReplayWindow window{size, 0, memory.data()};
    std::set<uint64_t> recorded;
    for (uint64_t number = 1; number <= 3 * uint64_t{size} + 7; ++number)
      if (random() % 3 != 0 && window.record(number) == EspVerdict::kOk) recorded.insert(number);
    const std::vector<uint64_t> before = memory;
    ASSERT_EQ(window.record(*recorded.rbegin() + jump), EspVerdict::kOk);
    const std::vector<uint64_t> after = memory;
    for (std::size_t cleared = 0; cleared <= memory.size(); cleared += 1 + memory.size() / 8) {
      memory = before;
      memory[0] = after[0];
      for (std::size_t word = 1; word < memory.size() && word <= cleared; ++word)
        memory[word] &= after[word];
      const ReplayWindow resumed = ReplayWindow::resume(size, memory.data());
      for (const uint64_t number : recorded)
        ASSERT_NE(resumed.could_accept(number), EspVerdict::kOk) << number << " jump " << jump;
      ASSERT_LE(resumed.highest(), (window.highest() | 63)) << "what comes next must pass";
    }
  }
}

TEST_P(KeptWindow, IsRefusedWhenItsNewestWordIsDamaged) {
  ReplayWindow window{GetParam(), 12345, memory.data()};
  ASSERT_EQ(ReplayWindow::kept_highest(GetParam(), memory.data()), 12345u);
  for (unsigned bit = 0; bit < 64; ++bit) {
    memory[0] ^= uint64_t{1} << bit;
    EXPECT_EQ(ReplayWindow::kept_highest(GetParam(), memory.data()), std::nullopt);
    memory[0] ^= uint64_t{1} << bit;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, KeptWindow, testing::Values(64, 100, 4096, 32768));

// Rule 8: refuses
TEST(SaMemory, LetsAnInboundSuccessorRefuseWhatWasReceived) {
  Worker worker;
  SaConfig config = sa_config(Direction::kInbound);
  std::vector<uint64_t> memory(ReplayWindow::words(config.replay_window));
  const auto sender = worker.outbound(sa_config(Direction::kOutbound));
  const auto receiver = [&](bool kept) {
    return InboundSa::create(
               config, WorkerId{0}, worker.library(),
               {.window = memory.data(), .window_is_kept = kept}
    )
        .value();
  };
  const Bytes first = without_outer(worker.seal(*sender, ipv4_packet(60)).packet);
  const Bytes second = without_outer(worker.seal(*sender, ipv4_packet(60)).packet);
  EXPECT_EQ(worker.open(*receiver(false), first).verdict, EspVerdict::kOk);
  const auto successor = receiver(true);
  EXPECT_EQ(worker.open(*successor, first).verdict, EspVerdict::kReplayDup);
  EXPECT_EQ(worker.open(*successor, second).verdict, EspVerdict::kOk);
}

TEST(SaMemory, LifetimesGoOnCounting) {
  Worker worker;
  SaConfig config = sa_config(Direction::kOutbound);
  config.lifetime_soft.packets = 100;
  config.lifetime_hard.seconds = 60;
  config.past = LifetimePast{98, 1000, BootClock::now() - std::chrono::seconds{50}};
  const auto sa = worker.outbound(config);
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
  EXPECT_FALSE(sa->lifetime().soft_reached());
  EXPECT_EQ(worker.seal(*sa, ipv4_packet(60)).verdict, EspVerdict::kOk);
  EXPECT_TRUE(sa->lifetime().soft_reached());
  sa->lifetime().check_time(BootClock::now() + std::chrono::seconds{11});
  EXPECT_FALSE(sa->usable());
}

TEST(SaMemory, LimitsReachedBeforeAreToldAgain) {
  Lifetime lifetime{{.packets = 10}, {.packets = 20}, LifetimePast{20, 0, BootClock::now()}};
  EXPECT_TRUE(lifetime.take_events().soft);
  EXPECT_FALSE(lifetime.usable());
}

}  // namespace
}  // namespace raven::dataplane
