// SaPublication: the SAs as the packet path sees them.
// SPDX-License-Identifier: Apache-2.0
//
// Keeps the rows of the inbound table, so that a change costs one table and no look at all SAs.
// Threading: the control thread.
#pragma once

#include <vector>

#include "dataplane/sa/entries.h"
#include "dataplane/sa/tables.h"

namespace raven::dataplane {

class SaPublication {
 public:
  SaPublication(const SaEntries& entries, SaTables& tables, unsigned workers)
      : entries_{entries}, tables_{tables}, workers_{workers} {}

  // Each is in use, or out of the tables, on return; `removed` were taken from the entries.
  void added(SaEntry& entry);
  void removed(std::span<const std::unique_ptr<SaEntry>> removed);
  // The SAs that a tunnel sends with.
  void publish_outbound(TunnelId tunnel);
  // Peers came or went: all of them.
  void publish_all();

 private:
  SadEntry row_of(const SaEntry& entry) const;
  void remove_row(const SaEntry& entry);

  const SaEntries& entries_;
  SaTables& tables_;
  const unsigned workers_;
  std::vector<SadEntry> rows_;
  std::vector<SaEntry*> row_entries_;  // whose row it is
};

}  // namespace raven::dataplane
