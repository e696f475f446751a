// SaEntry: what dataplane/sa keeps of one SA.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include <memory>
#include <optional>

#include "dataplane/ipsec/inbound_sa.h"
#include "dataplane/ipsec/outbound_sa.h"
#include "dataplane/sa/journal.h"
#include "dataplane/sa/message.h"
#include "dataplane/sa/traffic.h"

namespace raven::dataplane {

// Either `in` or `out` is set, for as long as the entry lives.
struct SaEntry {
  SaId id;
  TunnelId tunnel;
  uint64_t instance = 0;  // of the key daemon; 0: from a file
  uint64_t serial = 0;    // grows in the order in which SAs are added
  SaPlace place;          // outlives the SA, which writes into it
  std::unique_ptr<InboundSa> in;
  std::unique_ptr<OutboundSa> out;
  std::size_t sad_row = 0;         // inbound: see SaPublication
  std::optional<Instant> drop_at;  // its key daemon is gone
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
