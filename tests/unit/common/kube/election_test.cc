// SPDX-License-Identifier: Apache-2.0
#include "common/kube/election.h"

#include <gtest/gtest.h>

namespace raven::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A stored Lease, as the API server keeps it: versions count up, a stale one is refused.
class StoredLease {
 public:
  std::optional<LeaseRecord> read() const { return record_; }
  bool write(const LeaseRecord& record) {
    const std::string expected = record_ ? record_->resource_version : "";
    if (record.resource_version != expected) return false;
    record_ = record;
    record_->resource_version = std::to_string(++version_);
    return true;
  }

 private:
  std::optional<LeaseRecord> record_;
  int version_ = 0;
};

// Runs one candidate on a given clock until it wants to wait; returns until when.
Instant step(Election& election, StoredLease& lease, Instant now) {
  Election::Event event = Election::Tick{};
  for (int i = 0; i < 10; ++i) {
    const Election::Action action = election.on(event, now);
    if (const auto* wait = std::get_if<Election::Wait>(&action)) return wait->until;
    if (std::holds_alternative<Election::Read>(action)) {
      event = Election::ReadDone{lease.read()};
    } else {
      const auto& record = std::get<Election::Write>(action).record;
      if (lease.write(record))
        event = Election::WriteDone{*lease.read(), now};
      else
        event = Election::WriteLost{};
    }
  }
  ADD_FAILURE() << "does not come to rest";
  return now;
}

const Instant kStart{seconds{1'000}};

TEST(Election, FirstCandidateCreatesTheLeaseAndLeads) {
  StoredLease lease;
  Election a{{"a"}, 1};
  EXPECT_FALSE(a.leads(kStart));
  const Instant next = step(a, lease, kStart);
  EXPECT_TRUE(a.leads(kStart));
  EXPECT_EQ(a.leader(), "a");
  EXPECT_EQ(a.epoch(), 0);
  EXPECT_EQ(next, kStart + seconds{2});
  EXPECT_EQ(a.valid_until(), kStart + seconds{10});
  EXPECT_EQ(lease.read()->duration, seconds{15});
}

TEST(Election, SecondCandidateFollowsWhileTheRecordChanges) {
  StoredLease lease;
  Election a{{"a"}, 1}, b{{"b"}, 2};
  Instant now = kStart;
  for (int i = 0; i < 50; ++i, now += seconds{2}) {
    step(a, lease, now);
    const Instant next = step(b, lease, now + milliseconds{500});
    EXPECT_TRUE(a.leads(now));
    EXPECT_FALSE(b.leads(now + seconds{1}));
    EXPECT_EQ(b.leader(), "a");
    EXPECT_GE(next, now + milliseconds{2'500});
    EXPECT_LE(next, now + milliseconds{500 + 4'400});
  }
}

TEST(Election, FollowerWaitsAFullDurationByItsOwnClock) {
  StoredLease lease;
  Election a{{"a"}, 1}, b{{"b"}, 2};
  step(a, lease, kStart);
  // The follower's clock has nothing to do with the leader's.
  const Instant seen = kStart + std::chrono::hours{1000};
  Instant now = seen;
  while (!b.leads(now)) {
    ASSERT_LT(now, seen + seconds{60});
    EXPECT_FALSE(b.leads(now));
    const Instant next = step(b, lease, now);
    if (!b.leads(now)) now = next;
  }
  EXPECT_EQ(now, seen + seconds{15});
  EXPECT_EQ(b.epoch(), 1);
}

TEST(Election, LeaderWithoutAnswersStopsBeforeAnybodyElseMayStart) {
  StoredLease lease;
  Election a{{"a"}, 1}, b{{"b"}, 2};
  step(a, lease, kStart);
  step(b, lease, kStart + milliseconds{1});
  // All of a's requests fail from here on.
  Instant now = kStart + seconds{2};
  while (now < kStart + seconds{10}) {
    EXPECT_TRUE(a.leads(now));
    const Election::Action action = a.on(Election::Failed{}, now);
    ASSERT_TRUE(std::holds_alternative<Election::Wait>(action));
    now = std::get<Election::Wait>(action).until;
    EXPECT_LE(now, kStart + seconds{10}) << "must be awake when its term ends";
  }
  EXPECT_FALSE(a.leads(kStart + seconds{10}));
  EXPECT_FALSE(b.leads(kStart + seconds{15}));
  step(b, lease, kStart + seconds{15} + milliseconds{1});
  EXPECT_TRUE(b.leads(kStart + seconds{15} + milliseconds{1}));
}

TEST(Election, LeaderThatWasSuspendedDoesNotBelieveInItsTerm) {
  StoredLease lease;
  Election a{{"a"}, 1};
  step(a, lease, kStart);
  const Instant later = kStart + seconds{3600};
  EXPECT_FALSE(a.leads(later));
  const Election::Action action = a.on(Election::Tick{}, later);
  EXPECT_TRUE(std::holds_alternative<Election::Read>(action)) << "reads before it writes";
}

TEST(Election, TermCountsFromBeforeTheRequest) {
  Election a{{"a"}, 1};
  LeaseRecord record;
  record.holder = "a";
  record.resource_version = "1";
  a.on(Election::WriteDone{record, kStart}, kStart + seconds{9});
  EXPECT_TRUE(a.leads(kStart + milliseconds{9'999}));
  EXPECT_FALSE(a.leads(kStart + seconds{10}));
  // An answer that came after its own term gives none.
  Election b{{"b"}, 1};
  b.on(Election::WriteDone{record, kStart}, kStart + seconds{11});
  EXPECT_FALSE(b.leads(kStart + seconds{11}));
}

TEST(Election, OfManyRacersExactlyOneWins) {
  StoredLease lease;
  std::vector<Election> racers;
  for (unsigned i = 0; i < 20; ++i) racers.emplace_back(ElectionConfig{"r" + std::to_string(i)}, i);
  // All read that there is none, then all try to create it.
  for (Election& racer : racers) racer.on(Election::Tick{}, kStart);
  int leaders = 0;
  for (Election& racer : racers) {
    const auto action = racer.on(Election::ReadDone{}, kStart);
    const auto& record = std::get<Election::Write>(action).record;
    if (lease.write(record))
      racer.on(Election::WriteDone{*lease.read(), kStart}, kStart);
    else
      racer.on(Election::WriteLost{}, kStart);
    leaders += racer.leads(kStart) ? 1 : 0;
  }
  EXPECT_EQ(leaders, 1);
}

TEST(Election, RenewalThatWasStoredButNotAnsweredIsFoundByReading) {
  StoredLease lease;
  Election a{{"a"}, 1};
  step(a, lease, kStart);
  Instant now = kStart + seconds{2};
  const auto renewal = a.on(Election::Tick{}, now);
  ASSERT_TRUE(lease.write(std::get<Election::Write>(renewal).record));
  now = std::get<Election::Wait>(a.on(Election::Failed{}, now)).until;
  // The next one meets a conflict, and the leader finds itself in the record.
  now = step(a, lease, now);
  EXPECT_TRUE(a.leads(now));
  now = step(a, lease, now);
  EXPECT_TRUE(a.leads(now));
  EXPECT_EQ(lease.read()->transitions, 0);
}

TEST(Election, LeaderThatFindsAnotherHolderStopsAtOnce) {
  StoredLease lease;
  Election a{{"a"}, 1};
  step(a, lease, kStart);
  LeaseRecord thief = *lease.read();
  thief.holder = "b";
  ASSERT_TRUE(lease.write(thief));
  Instant now = kStart + seconds{2};
  now = step(a, lease, now);  // conflict
  step(a, lease, now);        // reads
  EXPECT_FALSE(a.leads(now));
  EXPECT_EQ(a.leader(), "b");
}

TEST(Election, ReleasedLeaseIsTakenAtOnceWithANewEpoch) {
  StoredLease lease;
  Election a{{"a"}, 1}, b{{"b"}, 2};
  step(a, lease, kStart);
  step(b, lease, kStart);
  const auto released = a.release(kStart + seconds{1});
  ASSERT_TRUE(released.has_value());
  EXPECT_FALSE(a.leads(kStart + seconds{1}));
  ASSERT_TRUE(lease.write(*released));
  step(b, lease, kStart + seconds{2});
  EXPECT_TRUE(b.leads(kStart + seconds{2}));
  EXPECT_EQ(b.epoch(), 1);
}

TEST(Election, FollowerHasNothingToRelease) {
  StoredLease lease;
  Election a{{"a"}, 1}, b{{"b"}, 2};
  step(a, lease, kStart);
  step(b, lease, kStart);
  EXPECT_FALSE(b.release(kStart + seconds{1}).has_value());
}

TEST(Election, DeletedLeaseIsCreatedAgain) {
  StoredLease lease;
  Election a{{"a"}, 1};
  step(a, lease, kStart);
  lease = {};
  Instant now = kStart + seconds{2};
  for (int i = 0; i < 3; ++i) now = step(a, lease, now);
  EXPECT_TRUE(a.leads(now));
  EXPECT_EQ(lease.read()->holder, "a");
}

// Random delays, lost answers and failures: never two leaders at one time.
TEST(Election, NeverTwoLeadersWhateverFails) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random{seed};
    StoredLease lease;
    struct Candidate {
      Election election;
      Instant wake;
      Election::Event event = Election::Tick{};
    };
    std::vector<Candidate> candidates;
    for (unsigned i = 0; i < 3; ++i)
      candidates.push_back({Election{{"c" + std::to_string(i)}, seed * 3 + i}, kStart});
    for (int events = 0; events < 400; ++events) {
      auto& next = *std::min_element(candidates.begin(), candidates.end(), [](auto& a, auto& b) {
        return a.wake < b.wake;
      });
      const Instant now = next.wake;
      const Election::Action action = next.election.on(next.event, now);
      int leaders = 0;
      for (const Candidate& candidate : candidates)
        leaders += candidate.election.leads(now) ? 1 : 0;
      ASSERT_LE(leaders, 1) << "seed " << seed;
      const milliseconds delay{random() % (random() % 10 == 0 ? 6'000 : 50)};
      next.event = Election::Tick{};
      next.wake = now + delay;
      if (const auto* wait = std::get_if<Election::Wait>(&action)) {
        next.wake = std::max(now, wait->until) + delay;  // and the thread may run late
      } else if (random() % 8 == 0) {
        next.event = Election::Failed{};  // lost on the way there
      } else if (std::holds_alternative<Election::Read>(action)) {
        next.event = Election::ReadDone{lease.read()};
      } else {
        const bool stored = lease.write(std::get<Election::Write>(action).record);
        if (random() % 8 == 0)
          next.event = Election::Failed{};  // lost on the way back
        else if (stored)
          next.event = Election::WriteDone{*lease.read(), now};
        else
          next.event = Election::WriteLost{};
      }
    }
  }
}

}  // namespace
}  // namespace raven::kube
