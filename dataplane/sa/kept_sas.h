// KeptSas: what SAs take over from an earlier run, and leave for the next one.
// SPDX-License-Identifier: Apache-2.0
//
// SAs of a key daemon come back as they were.  Those of a file go on where they were when the file
// names their key again, so that no nonce is used twice.  Without a journal a crash loses all.
// Threading: the control thread.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "dataplane/sa/entry.h"

namespace raven::dataplane {

class KeptSas {
 public:
  explicit KeptSas(std::shared_ptr<SaJournal> journal) : journal_{std::move(journal)} {}

  // Those of key daemons, in the order in which they were added.  Until the journal is published.
  std::vector<KeptSa*> of_daemons() const;

  struct Resumed {
    KeptSa* kept = nullptr;            // nullptr: no earlier run has kept its key
    const uint64_t* window = nullptr;  // replay window that can be taken as it is
  };
  // `config`, when it is of a file, goes on where an earlier run has ended with its key.
  // kInvalid: its numbers cannot go on, or they are lost and nonces could repeat.
  Result<Resumed> resume(SaConfig& config) const;

  // The memory of a new SA; with `window` it begins with that replay window.
  // What goes on from kept state, or may come again with its key, never lives without a record.
  Result<SaMemory> take_place(
      SaEntry& entry, const SaConfig& config, WorkerId worker, const uint64_t* window
  ) const;

 private:
  KeptSa* find_key(const SaConfig& config) const;

  const std::shared_ptr<SaJournal> journal_;  // nullptr: none
};

}  // namespace raven::dataplane
