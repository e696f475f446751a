// Published and Quiescence: replaced while read, freed when nobody can read it any more.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/published.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace raven::dataplane {
namespace {

constexpr WorkerId kFirst{0}, kSecond{1};

struct Tracked {
  explicit Tracked(int given, std::atomic<int>& freed) : value{given}, freed_{freed} {}
  ~Tracked() { ++freed_; }
  const int value;

 private:
  std::atomic<int>& freed_;
};

std::unique_ptr<Quiescence> make_quiescence() {
  Result<std::unique_ptr<Quiescence>> quiescence = Quiescence::create(2);
  EXPECT_TRUE(quiescence.ok());
  return std::move(quiescence).value();
}

TEST(Published, OldObjectLivesUntilEveryOnlineWorkerHasPassed) {
  std::atomic<int> freed{0};
  auto quiescence = make_quiescence();
  Published<Tracked> published{std::make_unique<const Tracked>(1, freed)};
  quiescence->online(kFirst);
  quiescence->online(kSecond);
  const Tracked* held = published.read();
  published.publish(std::make_unique<const Tracked>(2, freed), *quiescence);
  EXPECT_EQ(published.read()->value, 2);
  quiescence->quiescent(kFirst);
  EXPECT_EQ(quiescence->reclaim(), 1u);
  EXPECT_EQ(freed, 0);
  EXPECT_EQ(held->value, 1);
  quiescence->quiescent(kSecond);
  EXPECT_EQ(quiescence->reclaim(), 0u);
  EXPECT_EQ(freed, 1);
  quiescence->offline(kFirst);
  quiescence->offline(kSecond);
}

TEST(Published, SleepingWorkerHoldsNothingBack) {
  std::atomic<int> freed{0};
  auto quiescence = make_quiescence();
  Published<Tracked> published{std::make_unique<const Tracked>(1, freed)};
  quiescence->online(kFirst);
  quiescence->offline(kFirst);
  published.publish(std::make_unique<const Tracked>(2, freed), *quiescence);
  EXPECT_EQ(quiescence->reclaim(), 0u);
  EXPECT_EQ(freed, 1);
}

TEST(Published, DisposalsRunInTheOrderOfTheirCalls) {
  auto quiescence = make_quiescence();
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) quiescence->defer([&order, i] { order.push_back(i); });
  EXPECT_TRUE(order.empty());
  quiescence->reclaim();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

// The object poisons itself when freed: a reader that meets it would see the poison.
struct Poisoned {
  explicit Poisoned(uint64_t given) : value{given}, copy{given} {}
  ~Poisoned() { const_cast<volatile uint64_t&>(copy) = ~value; }
  const uint64_t value;
  uint64_t copy;
};

TEST(Published, ReaderNeverMeetsAFreedObject) {
  auto quiescence = make_quiescence();
  Published<Poisoned> published{std::make_unique<const Poisoned>(0)};
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> reads{0}, torn{0};
  std::thread reader{[&] {
    quiescence->online(kFirst);
    while (!stop) {
      const Poisoned* object = published.read();
      for (int i = 0; i < 20; ++i)
        if (object->value != const_cast<const volatile uint64_t&>(object->copy)) ++torn;
      ++reads;
      quiescence->quiescent(kFirst);
    }
    quiescence->offline(kFirst);
  }};
  for (uint64_t i = 1; i <= 20000 || reads < 1000; ++i) {
    published.publish(std::make_unique<const Poisoned>(i), *quiescence);
    quiescence->reclaim();
  }
  stop = true;
  reader.join();
  EXPECT_EQ(torn, 0u);
}

}  // namespace
}  // namespace raven::dataplane
