// SaEntries: all SAs that there are, found by SPI and by tunnel without looking at the others.
// SPDX-License-Identifier: Apache-2.0
//
// Owns the entries.  Knows nothing of packet path, journal or key daemons.
// Threading: the control thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dataplane/sa/entry.h"

namespace raven::dataplane {

class SaEntries {
 public:
  using BySerial = std::map<uint64_t, std::unique_ptr<SaEntry>>;
  using Flow = std::vector<SaEntry*>;  // the SAs of a tunnel in one direction, oldest first

  uint64_t next_serial() { return next_serial_++; }
  // REQUIRES: the serial number is the last that next_serial() gave.
  SaEntry& add(std::unique_ptr<SaEntry> entry);
  std::unique_ptr<SaEntry> take(const SaEntry& entry);

  // Exactly this one: an inbound SA is meant by its SPI, an outbound one by SPI and destination.
  SaEntry* find_exact(const SaId& id) const;
  // As a key daemon names it: after the peer moved it may still name the old destination, which is
  // enough when the SPI is unique.
  SaEntry* find(const SaId& id) const;

  std::size_t size() const { return by_serial_.size(); }
  const BySerial& by_serial() const { return by_serial_; }
  const std::map<TunnelDirection, Flow>& flows() const { return flows_; }
  std::span<SaEntry* const> flow(TunnelId tunnel, Direction direction) const;
  // How many SAs of one direction a worker owns.
  std::size_t count(WorkerId worker, Direction direction) const;
  // What a packet into the tunnel would use, nullptr: none is usable.
  SaEntry* newest_outbound(TunnelId tunnel) const;
  // The same for a packet of this worker.
  SaEntry* newest_outbound(TunnelId tunnel, WorkerId worker) const;

 private:
  using SpiKey = std::pair<Spi, Direction>;

  std::size_t& count_of(const SaEntry& entry);

  BySerial by_serial_;
  std::multimap<SpiKey, SaEntry*> by_spi_;          // several: outbound SAs of different peers
  std::map<TunnelDirection, Flow> flows_;           // none is empty
  std::array<std::vector<std::size_t>, 2> counts_;  // by direction and worker
  uint64_t next_serial_ = 1;
};

}  // namespace raven::dataplane
