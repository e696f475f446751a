// Records go through in order and whole, whatever their sizes; a full ring refuses.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/inspect/record_ring.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <random>
#include <thread>

namespace raven::dataplane {
namespace {

// A record of `size` bytes, all with the value `fill`.
bool write(RecordRing& ring, uint32_t size, uint8_t fill) {
  uint8_t* record = ring.reserve(size);
  if (record == nullptr) return false;
  std::memset(record, fill, size);
  return true;
}

std::optional<std::vector<uint8_t>> read(RecordRing& ring) {
  std::optional<std::vector<uint8_t>> record;
  ring.read([&](std::span<const uint8_t> bytes) { record.emplace(bytes.begin(), bytes.end()); });
  return record;
}

TEST(RecordRing, GivesNothingBeforeItIsPublished) {
  RecordRing ring{256};
  ASSERT_TRUE(write(ring, 10, 1));
  EXPECT_FALSE(read(ring));
  ring.publish();
  EXPECT_EQ(read(ring), std::vector<uint8_t>(10, 1));
  EXPECT_FALSE(read(ring));
}

TEST(RecordRing, RefusesWhatDoesNotFitAndTakesItOnceThereIsRoom) {
  RecordRing ring{256};
  ASSERT_TRUE(write(ring, 120, 1));  // 8 + 120 twice fill the ring
  ASSERT_TRUE(write(ring, 120, 2));
  EXPECT_FALSE(write(ring, 1, 3));
  ring.publish();
  EXPECT_EQ(read(ring), std::vector<uint8_t>(120, 1));
  EXPECT_TRUE(write(ring, 120, 3));
  ring.publish();
  EXPECT_EQ(read(ring), std::vector<uint8_t>(120, 2));
  EXPECT_EQ(read(ring), std::vector<uint8_t>(120, 3));
  EXPECT_FALSE(write(ring, 249, 4)) << "larger than the ring";
}

TEST(RecordRing, KeepsOrderAndBytesOfRandomRecordsOverManyRounds) {
  RecordRing ring{4096};
  std::mt19937 random{7};
  std::vector<std::vector<uint8_t>> expected;
  std::size_t next = 0, refused = 0;
  for (int round = 0; round < 20000; ++round) {
    const auto size = static_cast<uint32_t>(1 + random() % 900);
    const auto fill = static_cast<uint8_t>(random());
    if (write(ring, size, fill))
      expected.emplace_back(size, fill);
    else
      ++refused;
    ring.publish();
    if (random() % 2 == 0) continue;
    if (const auto record = read(ring)) {
      ASSERT_EQ(*record, expected[next]) << next;
      ++next;
    }
  }
  while (const auto record = read(ring)) ASSERT_EQ(*record, expected[next++]);
  EXPECT_EQ(next, expected.size());
  EXPECT_GT(refused, 0u);
}

TEST(RecordRing, LetsAReaderOfAnotherThreadSeeWholeRecordsOnly) {
  RecordRing ring{1 << 12};
  constexpr int kRecords = 50000;
  std::jthread writer{[&ring] {
    for (int i = 0; i < kRecords;) {
      const auto size = static_cast<uint32_t>(1 + i % 300);
      if (!write(ring, size, static_cast<uint8_t>(i))) {
        std::this_thread::yield();
        continue;
      }
      ring.publish();
      ++i;
    }
  }};
  for (int i = 0; i < kRecords;) {
    const auto record = read(ring);
    if (!record) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(
        *record,
        std::vector<uint8_t>(static_cast<std::size_t>(1 + i % 300), static_cast<uint8_t>(i))
    );
    ++i;
  }
}

}  // namespace
}  // namespace raven::dataplane
