// SaLifecycle: when SAs end, and which events tell of it.
// SPDX-License-Identifier: Apache-2.0
//
// - Limits by time are found here, those by packets and bytes in the packet path.  The soft limit
//   asks for new keys, the hard one ends the use of the SA; each is told once.
// - When a key daemon starts anew, the SAs of other instances have a grace time left.
// Decides only: the manager takes SAs out of the tables and tells the events.
// Threading: the control thread.  Time is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <variant>
#include <vector>

#include "dataplane/sa/entries.h"

namespace raven::dataplane {

struct SaExpired {
  SaId id;
  bool hard = false;
};
struct SaMapped {
  SaId id;  // of the inbound SA
  IpAddress address;
  uint16_t port = 0;
};
struct SaAcquire {
  TunnelId tunnel;
};
// Of one tunnel: a dead peer is not hammered.
inline constexpr std::chrono::seconds kAcquireInterval{5};
using SaEvent = std::variant<SaExpired, SaMapped, SaAcquire>;

class SaLifecycle {
 public:
  SaLifecycle(const SaEntries& entries, std::chrono::seconds grace)
      : entries_{entries}, grace_{grace} {}

  struct Changes {
    std::vector<SaEntry*> soft, hard;  // have reached the limit since the last look
    std::vector<const SaEntry*> gone;  // their grace time is over
  };
  Changes look(Instant now) const;

  void daemon_started(uint64_t instance, Instant now) const;
  // What is still true, for a new event channel.
  std::vector<SaExpired> standing_events() const;

 private:
  const SaEntries& entries_;
  const std::chrono::seconds grace_;
};

}  // namespace raven::dataplane
