// SaTables: what the SA manager changes in the packet path.  The seam that lets it be tested
// without one; dataplane/engine implements it over TableWriter.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: the control thread.
#pragma once

#include <functional>
#include <span>

#include "dataplane/ipsec/inbound_sa.h"
#include "dataplane/ipsec/outbound_sa.h"
#include "dataplane/table/sad.h"

namespace raven::dataplane {

class SaTables {
 public:
  virtual ~SaTables() = default;

  // kNoPeer: the desired state has no peer with this tunnel (yet).
  virtual PeerIndex peer_of(TunnelId tunnel) const = 0;
  // All inbound SAs.  Those that are not listed any more may be freed by free_later().
  virtual void publish_inbound(std::span<const SadEntry> entries) = 0;
  // The outbound SA of each worker, nullptr: it hands over to the worker `fallback` (kNoWorker:
  // the tunnel has none).  `newest` is what a packet of that worker would use, nullptr: none.
  virtual void set_outbound(
      PeerIndex peer, std::span<OutboundSa* const> per_worker, WorkerId fallback,
      const OutboundSa* newest
  ) = 0;
  virtual void free_later(std::function<void()> disposal) = 0;
};

}  // namespace raven::dataplane
