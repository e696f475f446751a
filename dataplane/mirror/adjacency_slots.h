// TableAdjacencySlots: the mirror's slots, in the tables of the packet path.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/mirror/mirror.h"
#include "dataplane/table/table_writer.h"

namespace raven::dataplane {

class TableAdjacencySlots : public AdjacencySlots {
 public:
  TableAdjacencySlots(TableWriter& writer, Tables& tables) : writer_{writer}, tables_{tables} {}

  Result<AdjacencyIndex> take() override { return writer_.add_adjacency(); }
  void give_back(AdjacencyIndex index) override { writer_.remove_adjacency(index); }
  void write(AdjacencyIndex index, const NextHop& hop) override {
    writer_.set_adjacency(index, hop.usable() ? Adjacency::make(*hop.mac, *hop.port) : Adjacency{});
  }
  bool take_wanted(AdjacencyIndex index) override { return tables_.adjacencies.take_wanted(index); }

 private:
  TableWriter& writer_;
  Tables& tables_;
};

}  // namespace raven::dataplane
