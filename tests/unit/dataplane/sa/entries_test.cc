// The indexes of SAs: what they find is what a look at all SAs finds, whatever came and went.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/entries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/dataplane/sa/fake_tables.h"

namespace raven::dataplane {
namespace {

constexpr Direction kDirections[] = {Direction::kInbound, Direction::kOutbound};
constexpr uint32_t kTunnels = 5, kSpis = 40;
constexpr uint16_t kWorkers = 3;

class SaEntriesTest : public testing::Test {
 protected:
  IpAddress peer_of(uint32_t tunnel) { return IpAddress::v4(0xc6336400 + tunnel); }

  SaEntry& add(Direction direction, uint32_t spi, uint32_t tunnel, uint16_t worker = 0) {
    SaConfig config = make_sa(direction, spi, tunnel);
    if (direction == Direction::kOutbound) config.outer.destination = peer_of(tunnel);
    auto entry = std::make_unique<SaEntry>();
    entry->id = {config.spi, direction, config.outer};
    entry->tunnel = config.tunnel_id;
    entry->serial = entries.next_serial();
    if (direction == Direction::kInbound) {
      entry->in = InboundSa::create(config, WorkerId{worker}, *library).value();
    } else {
      entry->out = OutboundSa::create(config, WorkerId{worker}, *library).value();
    }
    all.push_back(entry.get());
    return entries.add(std::move(entry));
  }
  void take(const SaEntry* entry) {
    std::erase(all, entry);
    const auto taken = entries.take(*entry);
    EXPECT_EQ(taken.get(), entry);
  }
  static void end(SaEntry& entry) { entry.lifetime().check_time(BootClock::now() + kLife); }

  SaEntry* look_at_all(const SaId& id) {
    const auto found = std::ranges::find_if(all, [&](const SaEntry* entry) {
      return entry->id.spi == id.spi && entry->id.direction == id.direction &&
             (entry->inbound() || entry->id.outer.destination == id.outer.destination);
    });
    return found == all.end() ? nullptr : *found;
  }
  void check_tunnel(uint32_t tunnel) {
    for (const Direction direction : kDirections) {
      std::vector<SaEntry*> flow;
      for (SaEntry* entry : all)
        if (entry->flow() == TunnelDirection{TunnelId{tunnel}, direction}) flow.push_back(entry);
      EXPECT_TRUE(std::ranges::equal(entries.flow(TunnelId{tunnel}, direction), flow));
      SaEntry* newest = flow.empty() || flow.back()->inbound() ? nullptr : flow.back();
      if (direction == Direction::kOutbound) {
        EXPECT_EQ(entries.newest_outbound(TunnelId{tunnel}), newest);
      }
    }
  }
  void check_all() {
    EXPECT_EQ(entries.size(), all.size());
    for (uint32_t tunnel = 1; tunnel <= kTunnels; ++tunnel) check_tunnel(tunnel);
    for (const Direction direction : kDirections) {
      for (uint32_t spi = 0; spi < kSpis; ++spi) {
        const SaId id{Spi{0x1000 + spi}, direction, {IpAddress{}, peer_of(1 + spi % kTunnels)}};
        EXPECT_EQ(entries.find_exact(id), look_at_all(id)) << spi;
      }
      for (uint16_t worker = 0; worker < kWorkers; ++worker)
        EXPECT_EQ(
            entries.count(WorkerId{worker}, direction),
            static_cast<std::size_t>(std::ranges::count_if(
                all,
                [&](const SaEntry* entry) {
                  return entry->id.direction == direction && entry->worker().value() == worker;
                }
            ))
        );
    }
  }

  static constexpr std::chrono::hours kLife{1};
  std::unique_ptr<CipherLibrary> library = CipherLibrary::create_linked().value();
  SaEntries entries;
  std::vector<SaEntry*> all;  // in the order in which they were added
};

TEST_F(SaEntriesTest, FindsWhatALookAtAllSasFinds) {
  std::mt19937 generator{4711};  // NOLINT: the same each time
  const auto random = [&] { return static_cast<uint32_t>(generator()); };
  for (int step = 0; step < 400; ++step) {
    const uint32_t spi = 0x1000 + random() % kSpis;
    const uint32_t tunnel = 1 + random() % kTunnels;
    const Direction direction = kDirections[random() % 2];
    const SaId id{Spi{spi}, direction, {IpAddress{}, peer_of(tunnel)}};
    if (SaEntry* known = look_at_all(id); known != nullptr) {
      take(known);
    } else {
      add(direction, spi, tunnel, static_cast<uint16_t>(random() % kWorkers));
    }
    if (step % 20 == 0) check_all();
    if (HasFailure()) FAIL() << "step " << step;
  }
}

TEST_F(SaEntriesTest, TakesAnotherDestinationForAnOutboundSaOnlyWhereItsSpiIsUnique) {
  SaEntry& first = add(Direction::kOutbound, 0x1001, 1);
  const SaId elsewhere{Spi{0x1001}, Direction::kOutbound, {IpAddress{}, peer_of(9)}};
  EXPECT_EQ(entries.find(elsewhere), &first);
  EXPECT_EQ(entries.find_exact(elsewhere), nullptr);
  const SaEntry& second = add(Direction::kOutbound, 0x1001, 2);
  EXPECT_EQ(entries.find(elsewhere), nullptr) << "which one?";
  take(&second);
  EXPECT_EQ(entries.find(elsewhere), &first);
}

TEST_F(SaEntriesTest, PassesOverSasThatAreNotUsableAnyMore) {
  SaEntry& old = add(Direction::kOutbound, 0x1001, 1, 0);
  SaConfig config = make_sa(Direction::kOutbound, 0x1002, 1);
  config.lifetime_hard.seconds = 1;
  auto entry = std::make_unique<SaEntry>();
  entry->id = {config.spi, config.direction, config.outer};
  entry->tunnel = config.tunnel_id;
  entry->serial = entries.next_serial();
  entry->out = OutboundSa::create(config, WorkerId{1}, *library).value();
  SaEntry& newer = entries.add(std::move(entry));
  EXPECT_EQ(entries.newest_outbound(TunnelId{1}), &newer);
  end(newer);
  EXPECT_EQ(entries.newest_outbound(TunnelId{1}), &old);
  EXPECT_EQ(entries.newest_outbound(TunnelId{1}, WorkerId{0}), &old);
  EXPECT_EQ(entries.newest_outbound(TunnelId{1}, WorkerId{1}), nullptr);
}

}  // namespace
}  // namespace raven::dataplane
