// SaJournal: what must outlive a crash of the dataplane, for each SA: its description with keys,
// the sequence numbers it has reserved, its replay window.
// SPDX-License-Identifier: Apache-2.0
//
// - It is a file in RAM (ram_file.h).  A memfd would need somebody who holds it meanwhile, such as
//   systemd's fd store; a file on tmpfs needs nobody, in pods and labs too, and goes with the
//   machine.  Keys and counters never reach a disk; a record is wiped when its SA goes.
// - The packet path writes into the mapping, and only what it would write anyway: a mark each
//   kReservedNumbers packets (outbound), the window itself (inbound).
// - At each start a new file is made from the records of the old one that are whole, and takes its
//   place before any packet moves.  What is damaged, cut off or of another boot is refused, record
//   by record; what was added while it crashed is not there.
// - The bits of a window carry no check: one that memory lost admits one packet again.
//
// Threading: the control thread; the words of SaMemory belong to the worker that owns the SA.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "dataplane/ipsec/sa_config.h"
#include "dataplane/ipsec/sa_memory.h"
#include "dataplane/sa/ram_file.h"

namespace raven::dataplane {

class SaJournal;

// An SA of the previous run.
struct KeptSa {
  SaConfig config;  // with `past`; outbound: last_sequence is the end of what was reserved
  WorkerId worker;
  uint64_t serial = 0;
  const uint64_t* window = nullptr;  // inbound, until publish()
  bool taken = false;                // whoever makes it an SA again says so
};

// The memory of one SA.  Goes back to the journal with it; the record stays unless forget() is
// called, so that an orderly end loses no SA either.
class SaPlace {
 public:
  SaPlace() = default;
  SaPlace(SaPlace&& other) noexcept { *this = std::move(other); }
  SaPlace& operator=(SaPlace&& other) noexcept;
  ~SaPlace();

  explicit operator bool() const { return journal_ != nullptr; }
  SaMemory memory() const;
  // From now on a restart finds it.
  void commit();
  void move_to(const OuterAddresses& outer);
  void note(uint64_t packets, uint64_t bytes);
  // From now on a restart does not find it.  Wipes the keys.
  void forget();

 private:
  friend class SaJournal;
  SaPlace(std::shared_ptr<SaJournal> journal, std::size_t index)
      : journal_{std::move(journal)}, index_{index} {}

  std::shared_ptr<SaJournal> journal_;
  std::size_t index_ = 0;
  bool committed_ = false;
};

class SaJournal : public std::enable_shared_from_this<SaJournal> {
 public:
  // Reads the file of the previous run, if there is one, and makes a new one beside it.
  // kUnavailable: `path` is not in RAM.
  static Result<std::shared_ptr<SaJournal>> open(const std::string& path, std::size_t sas_max);
  ~SaJournal();

  // In the order in which they were added.
  std::vector<KeptSa>& kept() { return kept_; }
  // Records of the previous run that were not whole.
  std::size_t refused() const { return refused_; }
  // Records were lost, of this start or an earlier one: a key without a record may have been used.
  bool counters_lost() const { return counters_lost_; }
  bool locked() const { return file_.locked(); }
  const std::string& path() const { return path_; }

  // Takes over the place of the old file.  SAs from a file that nobody took are carried on, since
  // their keys may come back.
  Status publish();

  // kExhausted: no room, or no memory.
  Result<SaPlace> place_for(const SaConfig& config, WorkerId worker, uint64_t serial);

 private:
  friend class SaPlace;
  struct Header;
  struct Slot;

  SaJournal(std::string path, RamFile file, std::size_t slots);
  Slot& slot(std::size_t index) const;
  static Slot* slots_of(const RamFile& file);
  // The first slot from `index` on that was ever used.
  static std::size_t next_used(const RamFile& file, std::size_t index);
  void read_old();
  void read_slot(const Slot& slot);
  void write_header();
  Status carry_on(const KeptSa& kept);

  const std::string path_;
  RamFile file_;
  std::unique_ptr<RamFile> old_;  // until publish()
  std::string boot_id_;
  std::vector<std::size_t> free_;
  std::vector<KeptSa> kept_;
  std::size_t refused_ = 0;
  bool counters_lost_ = false;
};

}  // namespace raven::dataplane
