// What the SA manager keeps of each SA: for the files manager*.cc alone.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include <memory>
#include <optional>

#include "dataplane/sa/manager.h"

namespace raven::dataplane {

// Either `in` or `out` is set, for as long as the entry lives.
struct SaManager::Entry {
  SaId id;
  TunnelId tunnel;
  uint64_t instance = 0;  // of the key daemon; 0: from a file
  uint64_t serial = 0;
  SaPlace place;  // outlives the SA, which writes into it
  std::unique_ptr<InboundSa> in;
  std::unique_ptr<OutboundSa> out;
  std::optional<Instant> drop_at;
  bool soft_told = false, hard_told = false;

  bool inbound() const { return in != nullptr; }
  Lifetime& lifetime() const { return in ? in->lifetime() : out->lifetime(); }
  WorkerId worker() const { return in ? in->owner() : out->owner(); }
  TunnelDirection flow() const { return {tunnel, id.direction}; }
  Traffic traffic() const { return {lifetime().packets(), lifetime().bytes()}; }
  bool usable() const { return in ? in->usable() : out->usable(); }
  bool esn() const { return in ? in->esn() : out->esn(); }
  uint64_t sequence() const { return in ? in->highest_sequence() : out->sequence(); }
  bool wants_new_keys() const { return in ? in->wants_new_keys() : out->wants_new_keys(); }
};

}  // namespace raven::dataplane
