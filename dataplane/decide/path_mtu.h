// PathMtu: how large a packet the way to the peer of a tunnel carries, searched for with probes.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: no I/O, no clock of its own; sizes are those of outer IP packets.
// - Padded path probes are authenticated, so only they decide (RFC 8899): one of the full size now
//   and then; three in a row without answer while small ones are answered start a search.
// - A search probes the sizes of common links at once, then the gap between the largest answered
//   and the smallest lost, until it is no wider than kGranularity.  What a round finds holds at
//   once, so that large packets are lost for a second or two, not for the whole search.
// - Routers may say that a packet of ours was too big (RFC 1191, RFC 8201; RFC 4301 section 8.2).
//   Anybody who sees our packets can forge that: it starts a search.  Only while the peer
//   answers no probes it is believed, never below what every path carries.
// - After ten minutes more is tried: with a search where the peer answers probes, else with the
//   traffic itself.
//
// Threading: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ip.h"

namespace raven::dataplane {

class PathMtu {
 public:
  // The tunnels that exist now; state of others is dropped.
  void set_tunnels(const std::vector<uint32_t>& tunnels);
  // Where a tunnel leads, and the MTU of our own port on that way.  Another peer address is
  // another path: what was learned of the old one is forgotten.
  void set_path(uint32_t tunnel, const IpAddress& peer, uint32_t link_mtu);

  // Largest packet as far as it is known.  REQUIRES: set_path() was called.
  uint32_t largest(uint32_t tunnel) const;

  // A router has said that a packet of `quoted` bytes did not get through, and none above `claimed`
  // does; 0: it did not say (RFC 1191 section 5).  False: that cannot be, or is nothing new.
  bool too_big(uint32_t tunnel, uint32_t claimed, uint32_t quoted);

  // A padded probe of `size` was answered.
  void probe_answered(uint32_t tunnel, uint32_t size);

  // A probe of the last step found no room on its way out, which says nothing about the path: it is
  // asked for again.
  void probe_refused(uint32_t tunnel);

  struct Step {
    std::vector<uint32_t> probes;  // sizes to probe now
    bool changed = false;          // largest() is another one than before
  };
  // Several times a second.  `up`: the small probes of the tunnel are answered.
  Step step(uint32_t tunnel, bool up, Instant now);

  static constexpr uint32_t kFloorV4 = 576;   // RFC 791: what each host takes
  static constexpr uint32_t kFloorV6 = 1280;  // RFC 8200 section 5
  static constexpr uint32_t kGranularity = 4;
  static constexpr std::chrono::minutes kRaiseAfter{10};
  static constexpr std::chrono::seconds kCheckInterval{5};
  static constexpr std::chrono::seconds kRetryInterval{1};
  static constexpr std::chrono::seconds kAnswerTime{1};  // RFC 8899 section 5.1.1
  static constexpr std::chrono::seconds kClaimInterval{10};
  static constexpr unsigned kLostMax = 3;
  static constexpr unsigned kTries = 2;         // of each size that stays without answer
  static constexpr unsigned kSizesOfRound = 4;  // of all rounds but the first

 private:
  // Between a size that is carried and one that is not.
  struct Search {
    uint32_t low;                 // 0: none was answered yet
    uint32_t high;                // lost, or beyond what the port sends
    std::vector<uint32_t> sizes;  // of this round, the largest first
    unsigned tries = 0;
    Instant until{};
  };
  struct State {
    IpAddress peer;
    uint32_t link_mtu = 0;
    uint32_t learned = 0;   // 0: nothing below the link's
    bool believed = false;  // `learned` is what a router said
    Instant learned_at{};
    uint32_t answered = 0;  // largest probe that was answered since the last step
    uint32_t claim = 0;     // smallest size that routers said since the last step, 0: none
    Instant next_claim{};   // those before are not looked into
    unsigned lost = 0;      // probes of the full size since the last answer to one
    Instant next_check{};
    std::optional<Search> search;

    uint32_t largest() const;
    uint32_t floor() const;
  };

  static Step hear(State& state, uint32_t claim, bool up, Instant now);
  static Step raise_again(State& state, bool up, Instant now);
  static Step check(State& state, Instant now);
  static Step start_search(State& state, uint32_t low, uint32_t high, uint32_t hint, Instant now);
  static Step go_on(State& state, uint32_t answered, Instant now);
  static Step send(State& state, bool changed, Instant now);
  static bool settle(State& state, Instant now);
  static Step end_search(State& state, bool changed, Instant now);

  std::map<uint32_t, State> states_;
};

}  // namespace raven::dataplane
