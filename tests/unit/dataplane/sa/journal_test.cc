// The journal of SAs: what a next run finds, whatever became of the file.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "common/base/crc32.h"
#include "dataplane/ipsec/replay_window.h"
#include "tests/unit/dataplane/sa/fake_tables.h"

namespace raven::dataplane {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Direction kIn = Direction::kInbound;
constexpr Direction kOut = Direction::kOutbound;
constexpr uint64_t kDaemon = 4711;

class SaJournalTest : public testing::Test {
 protected:
  SaJournalTest() {
    std::string name = "/dev/shm/raven-journal-XXXXXX";
    folder = mkdtemp(name.data());
    path = folder + "/sas";
  }
  ~SaJournalTest() override {
    manager.reset();
    std::filesystem::remove_all(folder);
  }

  std::shared_ptr<SaJournal> open() {
    Result<std::shared_ptr<SaJournal>> opened = SaJournal::open(path, kSasMax);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? *opened : nullptr;
  }
  // Ends the previous run, as a crash does (an orderly end changes nothing in the file either), and
  // begins the next: returns how many SAs of daemons came back.
  std::size_t next_run() {
    manager.reset();
    tables.disposals.clear();
    journal = open();
    manager = SaManager::create(
                  {.workers = 2, .sas_max = kSasMax, .grace = seconds{60}}, tables,
                  [](const SaEvent&) {}, journal
    )
                  .value();
    const std::size_t restored = manager->restore(now);
    return restored;
  }
  void publish() { ASSERT_TRUE(journal->publish().ok()); }
  void start_run() {
    next_run();
    publish();
  }
  Status add(SaConfig config, uint64_t instance = kDaemon) {
    config.instance = instance;
    return manager->add(std::move(config), now);
  }
  void add(Direction direction, uint32_t spi, uint64_t instance = kDaemon) {
    const Status added = add(make_sa(direction, spi), instance);
    ASSERT_TRUE(added.ok()) << added.error().message;
  }
  SaInfo info(Direction direction, uint32_t spi) {
    const SaConfig config = make_sa(direction, spi);
    return manager->query({config.spi, direction, config.outer}, now).value();
  }
  bool has(Direction direction, uint32_t spi) {
    const SaConfig config = make_sa(direction, spi);
    return manager->query({config.spi, direction, config.outer}, now).ok();
  }

  std::string read() const {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  void write(const std::string& bytes) const {
    std::ofstream{path, std::ios::binary | std::ios::trunc}.write(
        bytes.data(), static_cast<std::streamsize>(bytes.size())
    );
    ::chmod(path.c_str(), 0600);
  }
  bool holds_key_of(uint32_t spi) const {
    const SaConfig config = make_sa(kOut, spi);
    const auto key = config.key.expose();
    return read().find({reinterpret_cast<const char*>(key.data()), key.size()}) !=
           std::string::npos;
  }

  static constexpr std::size_t kSasMax = 4;
  std::string folder, path;
  FakeTables tables;
  Instant now = BootClock::now();
  std::shared_ptr<SaJournal> journal;
  std::unique_ptr<SaManager> manager;
};

TEST_F(SaJournalTest, BringsBackTheSasOfADaemonAsTheyWere) {
  start_run();
  SaConfig config = make_sa(kIn, 0x1000);
  config.lifetime_hard.seconds = 3600;
  config.replay_window = 128;
  ASSERT_TRUE(add(std::move(config)).ok());
  add(kOut, 0x1001);
  add(kOut, 0x1002);
  const WorkerId worker = info(kOut, 0x1002).worker;
  now += seconds{100};
  EXPECT_EQ(next_run(), 3u);
  EXPECT_EQ(journal->refused(), 0u);
  EXPECT_EQ(info(kIn, 0x1000).replay_window, 128u);
  EXPECT_GE(info(kIn, 0x1000).age, seconds{99});
  EXPECT_EQ(info(kOut, 0x1002).worker, worker);
  EXPECT_EQ(tables.outbound[PeerIndex{0}].newest, 0x1002u) << "the order is kept";
  now += seconds{3600};
  manager->tick(now);
  EXPECT_EQ(info(kIn, 0x1000).state, SaState::kExpired);
  EXPECT_EQ(info(kOut, 0x1001).state, SaState::kActive);
}

TEST_F(SaJournalTest, GoesOnBehindEveryNumberThatWasReserved) {
  start_run();
  add(kOut, 0x1001);
  for (uint64_t run = 1; run <= 3; ++run) {
    next_run();
    EXPECT_EQ(info(kOut, 0x1001).sequence, run * kReservedNumbers);
    publish();
  }
}

// Until publish() the old file counts, whose numbers this run has not used yet.
TEST_F(SaJournalTest, ChangesNothingWhenAStartIsCutOff) {
  start_run();
  add(kOut, 0x1001);
  next_run();
  const std::string before = read();
  manager.reset();
  EXPECT_EQ(read(), before);
  next_run();
  EXPECT_EQ(info(kOut, 0x1001).sequence, kReservedNumbers);
}

TEST_F(SaJournalTest, KeepsThePaddingThatAPeerAskedFor) {
  start_run();
  SaConfig config = make_sa(kOut, 0x1001);
  config.tfc_size = 1400;
  ASSERT_TRUE(add(std::move(config)).ok());
  next_run();
  ASSERT_NE(manager->newest_outbound(TunnelId{7}), nullptr);
  EXPECT_EQ(manager->newest_outbound(TunnelId{7})->tfc_size(), 1400u);
}

// Rule 5: refuses
TEST_F(SaJournalTest, KeepsAnSaThatHasNoNumberLeftAsOneThatHasNone) {
  start_run();
  for (const bool esn : {false, true}) {
    SaConfig config = make_sa(kOut, esn ? 0x1002 : 0x1001);
    config.esn = esn;
    config.last_sequence = esn ? UINT64_MAX : UINT32_MAX;
    ASSERT_TRUE(add(std::move(config)).ok());
  }
  for (int crash = 0; crash < 3; ++crash) {
    EXPECT_EQ(next_run(), 2u) << "crash " << crash;
    EXPECT_EQ(journal->refused(), 0u);
    EXPECT_FALSE(journal->counters_lost());
    for (const uint32_t spi : {0x1001u, 0x1002u})
      EXPECT_EQ(info(kOut, spi).state, SaState::kExpired);
    EXPECT_EQ(info(kOut, 0x1001).sequence, UINT32_MAX);
    EXPECT_EQ(info(kOut, 0x1002).sequence, UINT64_MAX);
    publish();
  }
}

TEST_F(SaJournalTest, LeavesNothingWhenAStartFails) {
  start_run();
  add(kOut, 0x1001);
  next_run();
  manager.reset();
  tables.disposals.clear();
  journal.reset();
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_TRUE(holds_key_of(0x1001)) << "the old one still counts";
}

TEST_F(SaJournalTest, WipesTheFileThatItReplaces) {
  start_run();
  add(kOut, 0x1001);
  std::filesystem::create_hard_link(path, path + ".seen");
  start_run();
  ASSERT_TRUE(holds_key_of(0x1001));
  path += ".seen";
  EXPECT_FALSE(holds_key_of(0x1001));
}

TEST_F(SaJournalTest, KeepsTheAddressesOfAPeerThatMoved) {
  start_run();
  add(kOut, 0x1001);
  const SaConfig config = make_sa(kOut, 0x1001);
  OuterAddresses moved = config.outer;
  moved.destination = IpAddress::parse("2001:db8::9").value();
  moved.source = IpAddress::parse("2001:db8::1").value();
  ASSERT_TRUE(manager->update({config.spi, kOut, config.outer}, moved).ok());
  next_run();
  EXPECT_EQ(manager->list(now).at(0).id.outer, moved);
}

TEST_F(SaJournalTest, ForgetsDeletedSasAndWipesTheirKeys) {
  start_run();
  add(kOut, 0x1001);
  add(kIn, 0x1002);
  ASSERT_TRUE(holds_key_of(0x1001));
  manager->flush(kDaemon);
  EXPECT_FALSE(holds_key_of(0x1001));
  EXPECT_FALSE(holds_key_of(0x1002));
  EXPECT_EQ(next_run(), 0u);
}

TEST_F(SaJournalTest, KeepsNoKeyOfAnSaThatWasNotInstalled) {
  start_run();
  {
    const auto place = journal->place_for(make_sa(kOut, 0x1001), WorkerId{0}, 1);
    ASSERT_TRUE(place.ok());
    EXPECT_TRUE(holds_key_of(0x1001));
    EXPECT_EQ(next_run(), 0u) << "a crash while it is installed";
    EXPECT_FALSE(journal->counters_lost()) << "nobody has used it";
  }
}

TEST_F(SaJournalTest, UsesTheRoomOfADeletedSaOnlyWhenNoWorkerHoldsIt) {
  start_run();
  for (uint32_t round = 0; round < 2; ++round) {
    for (uint32_t spi = 0; spi < kSasMax; ++spi) add(kIn, 0x1000 + spi);
    manager->flush(kDaemon);
  }
  EXPECT_EQ(
      journal->place_for(make_sa(kIn, 1), WorkerId{0}, 1).error().code, ErrorCode::kExhausted
  );
  for (const auto& disposal : tables.disposals) disposal();
  tables.disposals.clear();
  EXPECT_TRUE(journal->place_for(make_sa(kIn, 1), WorkerId{0}, 1).ok());
}

TEST_F(SaJournalTest, LetsSasOfAFileGoOnByTheirKey) {
  start_run();
  add(kOut, 0x1001, 0);
  EXPECT_EQ(next_run(), 0u) << "the file decides which";
  SaConfig renamed = make_sa(kOut, 0x1001);
  renamed.spi = Spi{0x7777};
  ASSERT_TRUE(add(std::move(renamed), 0).ok());
  add(kOut, 0x1002, 0);
  EXPECT_EQ(info(kOut, 0x7777).sequence, kReservedNumbers);
  EXPECT_EQ(info(kOut, 0x1002).sequence, 0u);
}

TEST_F(SaJournalTest, RemembersKeysThatTheFileLeftOutForAWhile) {
  start_run();
  add(kOut, 0x1001, 0);
  add(kIn, 0x1002, 0);
  start_run();
  start_run();
  next_run();
  add(kOut, 0x1001, 0);
  EXPECT_EQ(info(kOut, 0x1001).sequence, kReservedNumbers);
  EXPECT_THAT(journal->kept(), SizeIs(2));
}

TEST_F(SaJournalTest, RefusesKeysOfAFileWhenCountersMayBeLost) {
  start_run();
  add(kOut, 0x1001, 0);
  manager.reset();
  std::string bytes = read();
  bytes[4096 + 100] ^= 1;  // in the record
  write(bytes);
  for (int run = 0; run < 2; ++run) {
    start_run();
    EXPECT_TRUE(journal->counters_lost()) << "run " << run;
    const Status added = add(make_sa(kOut, 0x1001), 0);
    ASSERT_FALSE(added.ok());
    EXPECT_THAT(added.error().message, HasSubstr("nonces"));
    add(kOut, 0x1003 + static_cast<uint32_t>(run));  // a daemon's keys are new
  }
}

// The number would lose its upper half, and with it say again what was said.
TEST_F(SaJournalTest, RefusesAFileThatTurnsEsnOffForAKeyBeyond32Bits) {
  start_run();
  SaConfig config = make_sa(kOut, 0x1001);
  config.last_sequence = uint64_t{1} << 33;
  ASSERT_TRUE(add(std::move(config), 0).ok());
  next_run();
  SaConfig narrow = make_sa(kOut, 0x1001);
  narrow.esn = false;
  const Status added = add(std::move(narrow), 0);
  ASSERT_FALSE(added.ok());
  EXPECT_THAT(added.error().message, HasSubstr("ESN"));
  add(kOut, 0x1001, 0);
  EXPECT_GT(info(kOut, 0x1001).sequence, uint64_t{1} << 33);
}

TEST_F(SaJournalTest, GoesOnWithAWindowOfAnotherSizeWhereTheOldOneEnded) {
  start_run();
  SaConfig config = make_sa(kIn, 0x1001);
  config.last_sequence = 5000;
  ASSERT_TRUE(add(std::move(config), 0).ok());
  next_run();
  SaConfig wider = make_sa(kIn, 0x1001);
  wider.replay_window = 2 * kReplayWindowDefault;
  ASSERT_TRUE(add(std::move(wider), 0).ok());
  EXPECT_EQ(info(kIn, 0x1001).sequence, 5000u);
}

// What may be found of the SAs that were added below.
void expect_one_of_ours(const KeptSa& kept) {
  const uint32_t spi = kept.config.spi.value();
  const SaConfig original = make_sa(kept.config.direction, spi);
  EXPECT_TRUE(spi == 0x1000 || spi == 0x1001 || spi == 0x1002) << spi;
  EXPECT_TRUE(kept.config.key.equals(original.key));
  EXPECT_EQ(kept.config.outer, original.outer);
  EXPECT_EQ(kept.config.tunnel_id, original.tunnel_id);
  EXPECT_EQ(kept.config.instance, kDaemon);
  EXPECT_EQ(kept.config.replay_window, original.replay_window);
  EXPECT_EQ(kept.config.last_sequence, kept.config.direction == kOut ? kReservedNumbers : 0);
}

class DamagedJournal : public SaJournalTest {
 protected:
  DamagedJournal() {
    start_run();
    add(kIn, 0x1000);
    add(kOut, 0x1001);
    add(kOut, 0x1002);
    manager.reset();
    whole = read();
  }
  std::string whole;
};

TEST_F(DamagedJournal, LosesAtMostTheRecordInWhichAByteWasFlipped) {
  std::size_t lost = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    if (whole[at] == 0 && at % 61 != 0) continue;  // most of the file was never written
    for (const char flips : {'\x01', '\xff'}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ flips);
      write(bytes);
      const auto found = open();
      ASSERT_NE(found, nullptr);
      ASSERT_GE(found->kept().size(), at < 4096 ? 0u : 2u) << "byte " << at;
      ASSERT_TRUE(found->kept().size() == 3 || found->counters_lost()) << "byte " << at;
      for (const KeptSa& kept : found->kept()) expect_one_of_ours(kept);
      lost += found->kept().size() < 3 ? 1 : 0;
      if (HasFailure()) FAIL() << "byte " << at;
    }
  }
  EXPECT_GT(lost, 300u) << "the damage was found";
}

TEST_F(DamagedJournal, KeepsWhatIsWholeOfATruncatedFile) {
  std::size_t before = 0;
  for (std::size_t size = 0; size < whole.size(); size += size < 4200 ? 7 : 311) {
    write(whole.substr(0, size));
    const auto found = open();
    ASSERT_NE(found, nullptr);
    ASSERT_TRUE(found->counters_lost()) << size;
    ASSERT_GE(found->kept().size(), before);
    for (const KeptSa& kept : found->kept()) expect_one_of_ours(kept);
    before = found->kept().size();
    if (HasFailure()) FAIL() << "size " << size;
  }
  EXPECT_EQ(before, 3u);
}

TEST_F(DamagedJournal, RefusesTheFileOfAnotherBoot) {
  std::string bytes = whole;
  constexpr std::size_t kBootId = 24, kChecksum = 64;
  bytes[kBootId] = bytes[kBootId] == '0' ? '1' : '0';
  const uint32_t checksum = crc32({reinterpret_cast<const uint8_t*>(bytes.data()), kChecksum});
  std::memcpy(bytes.data() + kChecksum, &checksum, sizeof(checksum));
  write(bytes);
  EXPECT_THAT(open()->kept(), IsEmpty());
  std::memcpy(bytes.data(), whole.data(), kChecksum + sizeof(checksum));
  write(bytes);
  EXPECT_THAT(open()->kept(), SizeIs(3)) << "the test itself";
}

TEST_F(DamagedJournal, RefusesFilesThatOthersMayReadOrThatLeadElsewhere) {
  ::chmod(path.c_str(), 0640);
  EXPECT_THAT(SaJournal::open(path, kSasMax).error().message, HasSubstr("0600"));
  ::chmod(path.c_str(), 0600);
  std::filesystem::rename(path, path + ".real");
  std::filesystem::create_symlink(path + ".real", path);
  EXPECT_FALSE(SaJournal::open(path, kSasMax).ok());
}

TEST_F(SaJournalTest, IsForItsOwnerAloneAndTakesLittleMemory) {
  start_run();
  add(kIn, 0x1000);
  struct stat file {};
  ASSERT_EQ(::stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 07777, 0600u);
  EXPECT_LE(file.st_blocks * 512, 16384);
}

TEST(SaJournal, RefusesAFolderOnADisk) {
  for (const char* folder : {".", "/tmp", "/var/tmp"}) {
    const auto journal = SaJournal::open(std::string{folder} + "/raven-journal-test-sas", 4);
    ::unlink((std::string{folder} + "/raven-journal-test-sas").c_str());
    if (journal.ok()) continue;  // in RAM on this machine
    EXPECT_EQ(journal.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(journal.error().message, HasSubstr("tmpfs"));
    return;
  }
  GTEST_SKIP() << "no folder on a disk here";
}

}  // namespace
}  // namespace raven::dataplane
