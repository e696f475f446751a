// The SA manager with a fake packet path and an injected clock.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dataplane/sa/fake_tables.h"

namespace raven::dataplane {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr Direction kIn = Direction::kInbound;
constexpr Direction kOut = Direction::kOutbound;

class SaManagerTest : public testing::Test {
 protected:
  SaManagerTest() { start(2); }

  void start(unsigned workers) {
    manager = SaManager::create(
                  {.workers = workers, .sas_max = 8, .grace = seconds{60}}, tables,
                  [this](const SaEvent& event) { events.push_back(event); }
    ).value();
  }
  Status try_add(Direction direction, uint32_t spi, uint32_t tunnel = 7, uint64_t instance = 0) {
    SaConfig config = make_sa(direction, spi, tunnel);
    config.instance = instance;
    return manager->add(std::move(config), now);
  }
  void add(Direction direction, uint32_t spi, uint32_t tunnel = 7, uint64_t instance = 0) {
    const Status added = try_add(direction, spi, tunnel, instance);
    EXPECT_TRUE(added.ok()) << added.error().message;
  }
  void add(SaConfig config) { EXPECT_TRUE(manager->add(std::move(config), now).ok()); }
  void remove(Direction direction, uint32_t spi) {
    EXPECT_TRUE(manager->remove(id(direction, spi)).ok());
  }
  SaId id(Direction direction, uint32_t spi) {
    return {Spi{spi}, direction, make_sa(direction, spi).outer};
  }
  FakeTables::Outbound& outbound() { return tables.outbound[PeerIndex{0}]; }
  std::vector<uint32_t> inbound_spis() {
    std::vector<uint32_t> spis;
    for (const SadEntry& entry : tables.inbound) spis.push_back(entry.spi);
    return spis;
  }
  SaState state_of(Direction direction, uint32_t spi) {
    return manager->query(id(direction, spi), now).value().state;
  }

  FakeTables tables;
  std::vector<SaEvent> events;
  Instant now = BootClock::now();
  std::unique_ptr<SaManager> manager;
};

TEST_F(SaManagerTest, PutsAnInboundSaIntoTheTablesBeforeItAnswers) {
  add(kIn, 0x1000);
  ASSERT_THAT(tables.inbound, SizeIs(1));
  EXPECT_EQ(tables.inbound[0].spi, 0x1000u);
  EXPECT_EQ(tables.inbound[0].peer, PeerIndex{0});
  EXPECT_NE(tables.inbound[0].sa, nullptr);
}

TEST_F(SaManagerTest, GivesEachWorkerAnSaOfTheTunnelBeforeAnyGetsTwo) {
  add(kOut, 0x1001);
  EXPECT_THAT(outbound().spis, ElementsAre(0x1001, 0));
  EXPECT_EQ(outbound().fallback, WorkerId{0});
  add(kOut, 0x1002);
  EXPECT_THAT(outbound().spis, ElementsAre(0x1001, 0x1002));
  EXPECT_EQ(outbound().fallback, WorkerId{1});
}

TEST_F(SaManagerTest, SpreadsTunnelsWithOneSaOverTheWorkers) {
  add(kOut, 0x1001, 7);
  add(kOut, 0x1002, 8);
  EXPECT_THAT(tables.outbound[PeerIndex{1}].spis, ElementsAre(0, 0x1002));
}

// Rule 58: holds
TEST_F(SaManagerTest, UsesTheNewestOutboundSaOfAWorkerAndKeepsTheOldInStandby) {
  add(kOut, 0x1001);
  add(kOut, 0x1002);
  add(kOut, 0x1003);  // the re-key of the oldest, 0x1001
  EXPECT_THAT(outbound().spis, ElementsAre(0x1003, 0x1002));
  EXPECT_EQ(state_of(kOut, 0x1001), SaState::kStandby);
  EXPECT_EQ(state_of(kOut, 0x1003), SaState::kActive);
  remove(kOut, 0x1001);
  EXPECT_THAT(outbound().spis, ElementsAre(0x1003, 0x1002));
}

TEST_F(SaManagerTest, FallsBackToTheOlderSaWhenTheNewerIsDeleted) {
  start(1);
  add(kOut, 0x1001);
  add(kOut, 0x1002);
  remove(kOut, 0x1002);
  EXPECT_THAT(outbound().spis, ElementsAre(0x1001));
}

TEST_F(SaManagerTest, HandsOverToAnotherWorkerWhenOneHasNoSaLeft) {
  add(kOut, 0x1001);
  add(kOut, 0x1002);
  remove(kOut, 0x1002);
  EXPECT_THAT(outbound().spis, ElementsAre(0x1001, 0));
  EXPECT_EQ(outbound().fallback, WorkerId{0});
  remove(kOut, 0x1001);
  EXPECT_THAT(outbound().spis, ElementsAre(0, 0));
  EXPECT_EQ(outbound().fallback, kNoWorker);
}

// Rule 58: holds
TEST_F(SaManagerTest, ReceivesWithOldAndNewInboundSaUntilTheOldIsDeleted) {
  add(kIn, 0x1001);
  add(kIn, 0x1002);
  EXPECT_THAT(inbound_spis(), UnorderedElementsAre(0x1001, 0x1002));
  remove(kIn, 0x1001);
  EXPECT_THAT(inbound_spis(), UnorderedElementsAre(0x1002));
}

// Rule 58: refuses
TEST_F(SaManagerTest, FreesAnSaOnlyAfterItLeftTheTables) {
  add(kIn, 0x1001);
  ASSERT_THAT(tables.disposals, IsEmpty());
  remove(kIn, 0x1001);
  EXPECT_THAT(tables.inbound, IsEmpty());
  EXPECT_THAT(tables.disposals, SizeIs(1));
}

TEST_F(SaManagerTest, RefusesDuplicatesUnknownsAndMoreThanFit) {
  add(kIn, 0x1001);
  EXPECT_EQ(try_add(kIn, 0x1001).error().code, ErrorCode::kExists);
  EXPECT_EQ(manager->remove(id(kIn, 0x9999)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(manager->query(id(kOut, 0x1001), now).error().code, ErrorCode::kNotFound);
  for (uint32_t i = 0; i < 7; ++i) add(kOut, 0x2000 + i);
  EXPECT_EQ(try_add(kOut, 0x3000).error().code, ErrorCode::kExhausted);
}

// Rule 3: holds
TEST_F(SaManagerTest, TellsTwoPeersWithTheSameOutboundSpiApart) {
  add(kOut, 0x1001);
  SaConfig other = make_sa(kOut, 0x1001, 8);
  other.outer.destination = IpAddress::v4(0xcb007101);
  const OuterAddresses outer = other.outer;
  ASSERT_TRUE(manager->add(std::move(other), now).ok());
  ASSERT_TRUE(manager->remove({Spi{0x1001}, kOut, outer}).ok());
  EXPECT_EQ(outbound().newest, 0x1001u);
}

// The first two bytes and the flags of the outer header around an inner packet.
std::array<uint8_t, 3> outer_bytes(const OutboundSa& sa, InnerFields inner) {
  std::array<uint8_t, 64> packet{};
  sa.outer().write(packet.data(), 200, inner, 1);
  return {packet[0], packet[1], packet[6]};
}

// Rule 23: holds.  Rule 30: holds
TEST_F(SaManagerTest, Row30RulesOfTheBoxGoBeforeThoseOfAKeyDaemon) {
  SaManagerSettings settings{.workers = 1};
  settings.outer_rules = {DscpRule{false, 46}, DfRule::kClear};
  auto own = SaManager::create(settings, tables, [](const SaEvent&) {}).value();
  SaConfig of_daemon = make_sa(kOut, 0x1001);
  of_daemon.instance = 1;
  ASSERT_TRUE(own->add(std::move(of_daemon), now).ok());
  const InnerFields inner{.traffic_class = 0x28 | 2, .dont_fragment = true};
  EXPECT_EQ(
      outer_bytes(*own->newest_outbound(TunnelId{7}), inner),
      (std::array<uint8_t, 3>{0x45, 46 << 2 | 2, 0})
  );
}

// Rule 23: refuses.  Rule 30: refuses
TEST_F(SaManagerTest, Row30WithoutSuchRulesAnSaKeepsItsOwn) {
  SaConfig of_daemon = make_sa(kOut, 0x1001);
  of_daemon.instance = 1;
  ASSERT_TRUE(manager->add(std::move(of_daemon), now).ok());
  const InnerFields inner{.traffic_class = 0x28 | 2, .dont_fragment = true};
  EXPECT_EQ(
      outer_bytes(*manager->newest_outbound(TunnelId{7}), inner),
      (std::array<uint8_t, 3>{0x45, 0x2a, 0x40})
  );
}

// Rule 31: refuses
TEST_F(SaManagerTest, Row31FindsTheSenderOfAPacketBySpiAndPeerOnly) {
  add(kOut, 0x1001);
  add(kIn, 0x1002);
  const IpAddress peer = make_sa(kOut, 0x1001).outer.destination;
  ASSERT_NE(manager->find_outbound(Spi{0x1001}, peer), nullptr);
  EXPECT_EQ(manager->find_outbound(Spi{0x1001}, peer)->spi(), Spi{0x1001});
  EXPECT_EQ(manager->find_outbound(Spi{0x1001}, IpAddress::v4(0xcb007101)), nullptr);
  EXPECT_EQ(manager->find_outbound(Spi{0x1002}, peer), nullptr);
  EXPECT_EQ(manager->find_outbound(Spi{0x1003}, peer), nullptr);
}

TEST_F(SaManagerTest, FindsAnOutboundSaByItsOldDestinationAfterItMoved) {
  add(kOut, 0x1001);
  OuterAddresses moved = make_sa(kOut, 0x1001).outer;
  moved.destination = IpAddress::v4(0xcb007101);
  ASSERT_TRUE(manager->update(id(kOut, 0x1001), moved).ok());
  EXPECT_EQ(manager->newest_outbound(TunnelId{7})->outer().addresses(), moved);
  EXPECT_TRUE(manager->remove(id(kOut, 0x1001)).ok());
}

TEST_F(SaManagerTest, ConnectsSasToAPeerThatComesLater) {
  tables.peers.clear();
  add(kIn, 0x1001);
  add(kOut, 0x1002);
  EXPECT_EQ(tables.inbound[0].peer, kNoPeer);
  EXPECT_THAT(tables.outbound, IsEmpty());
  tables.peers[7] = PeerIndex{3};
  manager->peers_changed();
  EXPECT_EQ(tables.inbound[0].peer, PeerIndex{3});
  EXPECT_EQ(tables.outbound[PeerIndex{3}].newest, 0x1002u);
}

// Rule 57: holds.  Rule 57: refuses
TEST_F(SaManagerTest, TellsSoftAndHardExpiryOnceAndStopsUsingTheSa) {
  SaConfig config = make_sa(kOut, 0x1001);
  config.lifetime_soft.seconds = 10;
  config.lifetime_hard.seconds = 20;
  add(std::move(config));
  const Instant start = now;
  manager->tick(start + seconds{9});
  EXPECT_THAT(events, IsEmpty());
  manager->tick(start + seconds{12});
  manager->tick(start + seconds{13});
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_FALSE(std::get<SaExpired>(events[0]).hard);
  EXPECT_EQ(state_of(kOut, 0x1001), SaState::kSoftExpired);
  manager->tick(start + seconds{22});
  manager->tick(start + seconds{23});
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_TRUE(std::get<SaExpired>(events[1]).hard);
  EXPECT_EQ(state_of(kOut, 0x1001), SaState::kExpired);
  EXPECT_EQ(outbound().newest, 0u);
}

TEST_F(SaManagerTest, RepeatsWhatIsStillTrueForANewEventChannel) {
  SaConfig config = make_sa(kOut, 0x1001);
  config.lifetime_soft.seconds = 10;
  add(std::move(config));
  add(kIn, 0x1002);
  manager->tick(now + seconds{12});
  events.clear();
  manager->repeat_events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(std::get<SaExpired>(events[0]).id.spi, Spi{0x1001});
}

// Rule 5: holds.  Rule 40: holds
TEST_F(SaManagerTest, AsksForKeysBeforeANumberWithoutEsnRunsOut) {
  SaConfig config = make_sa(kOut, 0x1001);
  config.esn = false;
  config.last_sequence = 0xffffffffu - 1000;
  add(std::move(config));
  manager->tick(now);
  manager->tick(now);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_FALSE(std::get<SaExpired>(events[0]).hard);
}

// Rule 40: holds
TEST_F(SaManagerTest, AsksForKeysInBothDirectionsFromTheSameNumberOn) {
  for (const Direction direction : {kIn, kOut}) {
    const uint32_t base = direction == kIn ? 0x1000 : 0x2000;
    for (const uint32_t before : {1u, 0u}) {
      SaConfig config = make_sa(direction, base + before);
      config.esn = false;
      config.last_sequence = kSoftSequence32 - before;
      add(std::move(config));
    }
  }
  manager->tick(now);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(std::get<SaExpired>(events[0]).id.spi, Spi{0x1000});
  EXPECT_EQ(std::get<SaExpired>(events[1]).id.spi, Spi{0x2000});
}

TEST_F(SaManagerTest, DropsSasOfADaemonThatRestartedAfterTheGraceTime) {
  add(kIn, 0x1001, 7, 111);
  add(kIn, 0x1002, 7, 222);
  add(kIn, 0x1003, 7, 0);  // from a file
  manager->daemon_started(222, now);
  manager->tick(now + seconds{59});
  EXPECT_THAT(inbound_spis(), SizeIs(3));
  manager->tick(now + seconds{61});
  EXPECT_THAT(inbound_spis(), UnorderedElementsAre(0x1002, 0x1003));
}

TEST_F(SaManagerTest, KeepsSasOfADaemonThatOnlyConnectsAgain) {
  add(kIn, 0x1001, 7, 111);
  manager->daemon_started(111, now);
  manager->tick(now + seconds{1000});
  EXPECT_THAT(inbound_spis(), SizeIs(1));
}

TEST_F(SaManagerTest, FlushesTheSasOfOneDaemonOnly) {
  add(kIn, 0x1001, 7, 111);
  add(kOut, 0x1002, 7, 111);
  add(kIn, 0x1003, 7, 0);
  manager->flush(111);
  EXPECT_THAT(inbound_spis(), UnorderedElementsAre(0x1003));
  EXPECT_EQ(outbound().newest, 0u);
}

TEST_F(SaManagerTest, AsksForASaAtMostOnceInFiveSeconds) {
  manager->sa_wanted(TunnelId{7}, now);
  manager->sa_wanted(TunnelId{7}, now + std::chrono::milliseconds{500});
  manager->sa_wanted(TunnelId{8}, now + std::chrono::milliseconds{500});
  EXPECT_THAT(events, SizeIs(2));
  manager->sa_wanted(TunnelId{7}, now + std::chrono::milliseconds{5001});
  EXPECT_THAT(events, SizeIs(3));
  add(kOut, 0x1001);
  manager->sa_wanted(TunnelId{7}, now + seconds{9});
  EXPECT_THAT(events, SizeIs(3)) << "there is one now";
}

// Rule 49: holds
TEST_F(SaManagerTest, TellsThatThePeerMoved) {
  add(kIn, 0x1001);
  manager->source_moved(Spi{0x1001}, IpAddress::v4(0xcb007101), 1024);
  manager->source_moved(Spi{0x9999}, IpAddress::v4(0xcb007101), 1024);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(std::get<SaMapped>(events[0]).port, 1024);
}

TEST_F(SaManagerTest, HasAnotherEpochAtEachStart) {
  const uint64_t first = manager->epoch();
  start(1);
  EXPECT_NE(manager->epoch(), first);
  EXPECT_NE(manager->epoch(), 0u);
}

TEST_F(SaManagerTest, CountsTheTrafficOfATunnelOnOverReKeys) {
  const TunnelDirection flow{TunnelId{7}, kOut};
  add(kOut, 0x1001);
  add(kOut, 0x1002);
  for (OutboundSa* sa : outbound().sas) sa->lifetime().count(100);
  EXPECT_EQ(manager->traffic().at(flow), (Traffic{2, 200}));
  remove(kOut, 0x1001);
  EXPECT_EQ(manager->traffic().at(flow), (Traffic{2, 200}));
  tables.peers.erase(7);
  manager->peers_changed();
  EXPECT_EQ(manager->traffic().at(flow), (Traffic{1, 100})) << "forgotten with its peer";
}

TEST_F(SaManagerTest, CountsWhatAWorkerSendsWithAnSaThatIsBeingRemoved) {
  add(kOut, 0x1001);
  OutboundSa* sa = outbound().sas[0];
  sa->lifetime().count(100);
  remove(kOut, 0x1001);
  sa->lifetime().count(50);
  for (const auto& disposal : tables.disposals) disposal();
  EXPECT_EQ(manager->traffic().at({TunnelId{7}, kOut}), (Traffic{2, 150}));
}

}  // namespace
}  // namespace raven::dataplane
