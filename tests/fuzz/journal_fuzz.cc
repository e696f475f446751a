// What a crashed dataplane has left of its SAs: dataplane/sa/journal.h, kept_record.h, ram_file.h.
// SPDX-License-Identifier: Apache-2.0
//
// Input: 0 and a file as it is; else bits of what is put right after the edits (1: checksums of the
// records, 2: of the header, 4: the file ends early, at a number of two bytes in 16 bytes) and
// edits of a good file: slot (one byte, 255: the header), offset (two bytes), size (one byte),
// bytes.
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "common/base/crc32.h"
#include "common/base/log.h"
#include "dataplane/sa/journal.h"
#include "dataplane/sa/kept_record.h"
#include "tests/fuzz/folder.h"
#include "tests/unit/dataplane/sa/fake_tables.h"

namespace raven::dataplane {
namespace {

using fuzz::Bytes;
using fuzz::require;

constexpr std::size_t kSasMax = 4, kSlots = 2 * kSasMax;
// Where things lie in the file, see journal.cc.
constexpr std::size_t kHeaderSize = 4096, kHeaderChecksum = 64;
constexpr std::size_t kSlotChecksum = 8, kSlotRecord = 16;
constexpr std::size_t kFileSizeMax = 1 << 20;

class JournalFile {
 public:
  JournalFile() { log::set_level(log::Level::kError); }
  std::string path() const { return folder_.path() + "/sas"; }

  void write(const Bytes& bytes) const {
    std::ofstream{path(), std::ios::binary | std::ios::trunc}.write(
        reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())
    );
    ::chmod(path().c_str(), 0600);
  }
  Bytes read() const {
    std::ifstream stream{path(), std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, {}};
  }

 private:
  fuzz::Folder folder_;
};

SaConfig config_of(Direction direction, uint32_t spi, uint64_t instance) {
  SaConfig config = make_sa(direction, spi);
  config.instance = instance;
  config.replay_window = kReplayWindowMin;
  return config;
}

// With SAs of a daemon and of a file, in both directions, of both kinds of keys.
Bytes good_file(const JournalFile& file) {
  auto journal = SaJournal::open(file.path(), kSasMax).value();
  FakeTables tables;
  auto manager = SaManager::create(
                     {.workers = 2, .sas_max = kSasMax}, tables, [](const SaEvent&) {}, journal
  )
                     .value();
  require(journal->publish().ok(), "a journal can be begun");
  SaConfig cbc = config_of(Direction::kOutbound, 0x1003, 9);
  cbc.algorithm = Algorithm::kAes128CbcSha256;
  cbc.key = Secret{16};
  cbc.integrity_key = Secret{32};
  const Instant now = BootClock::now();
  for (const uint64_t instance : {uint64_t{9}, uint64_t{0}})
    require(
        manager->add(config_of(Direction::kInbound, 0x1001 + (instance == 0), instance), now).ok(),
        "an SA"
    );
  require(manager->add(config_of(Direction::kOutbound, 0x1001, 0), now).ok(), "an SA");
  require(manager->add(std::move(cbc), now).ok(), "an SA");
  return file.read();
}

template <class T>
void put(Bytes& file, std::size_t at, T value) {
  if (at + sizeof(value) <= file.size()) std::memcpy(file.data() + at, &value, sizeof(value));
}

void edit(Bytes& file, fuzz::Input& input, std::size_t slot_size) {
  const uint8_t slot = input.byte();
  const std::size_t start = slot == 255 ? 0 : kHeaderSize + slot % kSlots * slot_size;
  const std::size_t at = start + input.two_bytes() % slot_size;
  const auto bytes = input.take(input.byte());
  if (at + bytes.size() <= file.size())
    std::ranges::copy(bytes, file.begin() + static_cast<long>(at));
}

Bytes file_of(const Bytes& good, fuzz::Input& input) {
  const uint8_t options = input.byte();
  if (options == 0) return input.rest();
  Bytes file = good;
  uint64_t slot_size = 0;
  std::memcpy(&slot_size, good.data() + 8, sizeof(slot_size));
  const std::size_t end = (options & 4) != 0 ? std::size_t{input.two_bytes()} * 16 : file.size();
  while (!input.empty()) edit(file, input, slot_size);
  for (std::size_t slot = 0; slot < kSlots && (options & 1) != 0; ++slot) {
    const std::size_t start = kHeaderSize + slot * slot_size;
    const std::span record{file.data() + start + kSlotRecord, sizeof(KeptRecord)};
    put(file, start + kSlotChecksum, uint64_t{crc32(record)});
  }
  if ((options & 2) != 0) put(file, kHeaderChecksum, crc32({file.data(), kHeaderChecksum}));
  file.resize(std::min(end, file.size()));
  return file;
}

void check_kept(const std::vector<KeptSa>& kept) {
  require(
      std::ranges::is_sorted(kept, {}, &KeptSa::serial), "SAs come in the order they were added"
  );
  for (const KeptSa& sa : kept) {
    require(validate(sa.config).ok(), "what is kept is a valid SA");
    require(sa.config.past.has_value(), "and has a past");
    require(
        (sa.window != nullptr) == (sa.config.direction == Direction::kInbound),
        "a window is of an inbound SA"
    );
  }
}

// Takes over what is there, as a start does.  Returns how many SAs the next one will find.
std::size_t start(const JournalFile& file) {
  const auto opened = SaJournal::open(file.path(), kSasMax);
  require(opened.ok(), "no content keeps the dataplane from starting");
  const auto& journal = *opened;
  check_kept(journal->kept());
  require(journal->refused() == 0 || journal->counters_lost(), "a refused record is told");
  const auto of_file =
      static_cast<std::size_t>(std::ranges::count_if(journal->kept(), [](const KeptSa& sa) {
        return sa.config.instance == 0;
      }));
  const bool fits = journal->kept().size() <= kSlots;
  FakeTables tables;
  auto manager = SaManager::create(
                     {.workers = 2, .sas_max = kSasMax}, tables, [](const SaEvent&) {}, journal
  )
                     .value();
  const std::size_t restored = manager->restore(BootClock::now());
  require(restored <= kSasMax, "no more SAs than the table holds");
  const Status published = journal->publish();
  require(published.ok() || !fits, "what fits is carried on");
  return published.ok() ? restored + of_file : SIZE_MAX;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const JournalFile journal_file;
  static const Bytes good = good_file(journal_file);
  fuzz::Input input{data, size};
  const Bytes file = file_of(good, input);
  if (file.size() > kFileSizeMax) return 0;
  journal_file.write(file);
  const std::size_t expected = start(journal_file);
  if (expected == SIZE_MAX) return 0;
  require(!std::filesystem::exists(journal_file.path() + ".new"), "a start leaves nothing behind");
  const auto again = SaJournal::open(journal_file.path(), kSasMax).value();
  require(again->refused() == 0, "what was carried on is whole");
  require(again->kept().size() == expected, "and complete");
  return 0;
}

}  // namespace raven::dataplane
