// The file: a page of header, then slots of one size.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "common/base/crc32.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "dataplane/ipsec/replay_window.h"
#include "dataplane/ipsec/sealed.h"
#include "dataplane/sa/kept_record.h"

namespace raven::dataplane {
namespace {

constexpr std::size_t kHeaderSize = 4096;
constexpr std::size_t kBootIdSize = 36;
constexpr char kMagic[8] = {'R', 'A', 'V', 'E', 'N', 'S', 'A', '2'};
constexpr std::size_t kWindowWordsMax = 1 + 1024;  // of kReplayWindowMax packets
constexpr unsigned kBytesShift = 12;               // notes count in 4 KiB, to fit 48 bits

// What a slot may say of itself; 0: nothing was ever here, or it was wiped.
constexpr uint64_t kWriting = 0x5752'4954'494e'4721;
constexpr uint64_t kWhole = 0x5748'4f4c'4553'4121;

template <class T>
uint32_t checksum_of(const T& value) {
  return crc32({reinterpret_cast<const uint8_t*>(&value), sizeof(value)});
}

}  // namespace

struct SaJournal::Header {
  char magic[8];
  uint64_t slot_size;
  uint64_t slot_count;
  char boot_id[kBootIdSize];
  uint32_t counters_lost;
  uint32_t checksum;  // of all above
  uint32_t zero;

  uint32_t wanted_checksum() const {
    return crc32({reinterpret_cast<const uint8_t*>(this), offsetof(Header, checksum)});
  }
};

// An odd number of cache lines, so that the windows of many SAs spread over the sets of a cache.
struct alignas(64) SaJournal::Slot {
  std::atomic<uint64_t> state;
  uint64_t checksum;  // of the record
  KeptRecord record;
  // Written while the SA works, each word with its own check.
  std::atomic<uint64_t> mark;
  std::atomic<uint64_t> packets, bytes;
  uint64_t window[kWindowWordsMax];
};

SaJournal::SaJournal(std::string path, RamFile file, std::size_t slots)
    : path_{std::move(path)}, file_{std::move(file)} {
  static_assert(sizeof(Slot) / 64 % 2 == 1);
  for (std::size_t index = slots; index > 0; --index) free_.push_back(index - 1);
}

SaJournal::~SaJournal() = default;

SaJournal::Slot* SaJournal::slots_of(const RamFile& file) {
  return reinterpret_cast<Slot*>(file.bytes().data() + kHeaderSize);
}

std::size_t SaJournal::next_used(const RamFile& file, std::size_t index) {
  const std::size_t data = file.next_data(kHeaderSize + index * sizeof(Slot));
  return std::max(index, (data - kHeaderSize) / sizeof(Slot));
}

SaJournal::Slot& SaJournal::slot(std::size_t index) const {
  return slots_of(file_)[index];
}

// Twice as many slots as SAs: that of a deleted SA is free again only when no worker can hold it.
Result<std::shared_ptr<SaJournal>> SaJournal::open(const std::string& path, std::size_t sas_max) {
  const std::size_t slots = 2 * sas_max;
  RAVEN_ASSIGN(RamFile file, RamFile::create(path, kHeaderSize + slots * sizeof(Slot)));
  RAVEN_TRY(file.reserve(0, kHeaderSize));
  std::shared_ptr<SaJournal> journal{new SaJournal{path, std::move(file), slots}};
  RAVEN_ASSIGN(journal->boot_id_, read_file("/proc/sys/kernel/random/boot_id", 64));
  journal->boot_id_.resize(kBootIdSize);
  Result<RamFile> old = RamFile::open(path);
  if (old.ok()) {
    journal->old_ = std::make_unique<RamFile>(std::move(*old));
    journal->read_old();
  } else if (old.error().code != ErrorCode::kNotFound) {
    return std::move(old).error();
  }
  journal->write_header();
  return journal;
}

void SaJournal::write_header() {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.slot_size = sizeof(Slot);
  header.slot_count = free_.size();
  std::memcpy(header.boot_id, boot_id_.data(), kBootIdSize);
  header.counters_lost = counters_lost_ ? 1 : 0;
  header.checksum = header.wanted_checksum();
  std::memcpy(file_.bytes().data(), &header, sizeof(header));
}

void SaJournal::read_old() {
  const std::size_t size = old_->bytes().size();
  Header header{};
  std::copy_n(
      old_->bytes().data(), std::min(size, sizeof(header)), reinterpret_cast<uint8_t*>(&header)
  );
  const bool usable = std::memcmp(header.magic, kMagic, sizeof(kMagic)) == 0 &&
                      header.checksum == header.wanted_checksum() &&
                      header.slot_size == sizeof(Slot) &&
                      std::memcmp(header.boot_id, boot_id_.data(), kBootIdSize) == 0;
  if (!usable || size < kHeaderSize) {
    counters_lost_ = true;
    log::warning("sa", "{}: not of this boot and version, none of its SAs is taken", path_);
    return;
  }
  const std::size_t there = std::min((size - kHeaderSize) / sizeof(Slot), header.slot_count);
  counters_lost_ = header.counters_lost != 0 || there < header.slot_count;
  for (std::size_t i = next_used(*old_, 0); i < there; i = next_used(*old_, i + 1))
    read_slot(slots_of(*old_)[i]);
  std::ranges::sort(kept_, {}, &KeptSa::serial);
}

void SaJournal::read_slot(const Slot& slot) {
  const uint64_t state = slot.state.load(std::memory_order_acquire);
  // Nobody has used an SA whose record was never finished.
  if (state == 0 || state == kWriting) return;
  const auto packets = unseal(slot.packets), bytes = unseal(slot.bytes), mark = unseal(slot.mark);
  Result<SaConfig> config = Error{};
  if (state == kWhole && slot.checksum == checksum_of(slot.record) && packets && bytes)
    config = read_record(slot.record);
  const bool inbound = config.ok() && config->direction == Direction::kInbound;
  const bool whole =
      config.ok() &&
      (inbound ? ReplayWindow::kept_highest(config->replay_window, slot.window) : mark);
  if (!whole) {
    ++refused_;
    counters_lost_ = true;
    return;
  }
  config->past->packets = *packets;
  config->past->bytes = *bytes << kBytesShift;
  if (!inbound) {
    const uint64_t last = config->esn ? UINT64_MAX : UINT32_MAX;
    config->last_sequence =
        *mark > last / kReservedNumbers ? last : std::min(last, *mark * kReservedNumbers);
  }
  KeptSa kept{std::move(*config), WorkerId{slot.record.worker}, slot.record.serial, nullptr, false};
  if (inbound) kept.window = slot.window;
  kept_.push_back(std::move(kept));
}

Result<SaPlace> SaJournal::place_for(const SaConfig& config, WorkerId worker, uint64_t serial) {
  const bool inbound = config.direction == Direction::kInbound;
  if (free_.empty()) return Error{ErrorCode::kExhausted, path_ + ": no room for another SA"};
  const std::size_t index = free_.back();
  const std::size_t used =
      offsetof(Slot, window) +
      (inbound ? ReplayWindow::words(config.replay_window) * sizeof(uint64_t) : 0);
  const Status reserved = file_.reserve(kHeaderSize + index * sizeof(Slot), used);
  if (!reserved.ok()) return Error{ErrorCode::kExhausted, reserved.error().message};
  free_.pop_back();
  Slot& slot = this->slot(index);
  slot.state.store(kWriting, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  slot.mark.store(0, std::memory_order_relaxed);
  const LifetimePast past = past_of(config);
  write_record(config, worker, serial, past.created, slot.record);
  SaPlace place{shared_from_this(), index};
  place.note(past.packets, past.bytes);
  return place;
}

Status SaJournal::carry_on(const KeptSa& kept) {
  RAVEN_ASSIGN(SaPlace place, place_for(kept.config, kept.worker, kept.serial));
  const SaMemory memory = place.memory();
  if (kept.window != nullptr) {
    std::copy_n(kept.window, ReplayWindow::words(kept.config.replay_window), memory.window);
  } else {
    const uint64_t last = kept.config.last_sequence;
    memory.mark->store(seal(last / kReservedNumbers + (last % kReservedNumbers != 0 ? 1 : 0)));
  }
  place.commit();
  place.journal_.reset();  // the slot stays taken
  return {};
}

Status SaJournal::publish() {
  for (const KeptSa& kept : kept_)
    if (kept.config.instance == 0 && !kept.taken) RAVEN_TRY(carry_on(kept));
  RAVEN_TRY(file_.publish(path_));
  kept_.clear();
  // It has no name any more; its keys need not wait in memory until somebody gets the pages.
  if (old_ != nullptr) old_->wipe();
  old_.reset();
  return {};
}

SaPlace& SaPlace::operator=(SaPlace&& other) noexcept {
  std::swap(journal_, other.journal_);
  std::swap(index_, other.index_);
  std::swap(committed_, other.committed_);
  return *this;
}

SaPlace::~SaPlace() {
  if (journal_ == nullptr) return;
  if (!committed_) forget();
  journal_->free_.push_back(index_);
}

SaMemory SaPlace::memory() const {
  SaJournal::Slot& slot = journal_->slot(index_);
  const bool inbound = slot.record.direction == static_cast<uint8_t>(Direction::kInbound);
  if (inbound) return {.window = slot.window};
  return {.mark = &slot.mark};
}

void SaPlace::commit() {
  SaJournal::Slot& slot = journal_->slot(index_);
  slot.checksum = checksum_of(slot.record);
  slot.state.store(kWhole, std::memory_order_release);
  committed_ = true;
}

// Cut off in the middle, the SA is lost and re-keyed.
void SaPlace::move_to(const OuterAddresses& outer) {
  SaJournal::Slot& slot = journal_->slot(index_);
  slot.state.store(kWriting, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  write_outer(outer, slot.record);
  commit();
}

void SaPlace::note(uint64_t packets, uint64_t bytes) {
  SaJournal::Slot& slot = journal_->slot(index_);
  slot.packets.store(seal(packets), std::memory_order_relaxed);
  slot.bytes.store(seal(bytes >> kBytesShift), std::memory_order_relaxed);
}

void SaPlace::forget() {
  SaJournal::Slot& slot = journal_->slot(index_);
  slot.state.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  explicit_bzero(&slot.record, sizeof(slot.record));
  committed_ = false;
}

}  // namespace raven::dataplane
