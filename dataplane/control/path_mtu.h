// PathMtu: how large a packet the way to the peer of a tunnel carries, learned and probed.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: no I/O, no clock of its own; sizes are those of outer IP packets.
// - Routers may say that a packet of ours was too big (RFC 1191, RFC 8201; RFC 4301 section 8.2);
//   the caller has made sure that it was ours.  Never below what every path carries.
// - Where such messages are lost, padded path probes find out (RFC 8899): one of the full size now
//   and then; when three in a row stay without answer while small ones are answered, three smaller
//   sizes at once, of which the largest answered counts.
// - After ten minutes the full size is tried again: with a probe where the peer answers them,
//   else with the traffic itself.
//
// Threading: one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ip.h"

namespace raven::dataplane {

class PathMtu {
 public:
  // The tunnels that are; others are forgotten.
  void set_tunnels(const std::vector<uint32_t>& tunnels);
  // Where a tunnel leads, and the MTU of our own port on that way.  Another peer address is
  // another path: what was learned of the old one is forgotten.
  void set_path(uint32_t tunnel, const IpAddress& peer, uint32_t link_mtu);

  // Largest packet as far as it is known.  REQUIRES: set_path() was called.
  uint32_t largest(uint32_t tunnel) const;

  // A router has said that no packet above `claimed` bytes gets through.  True if largest() is
  // another one than before.
  bool too_big(uint32_t tunnel, uint32_t claimed, Instant now);

  // A padded probe of `size` was answered.
  void probe_answered(uint32_t tunnel, uint32_t size);

  struct Step {
    std::vector<uint32_t> probes;  // sizes to probe now
    bool changed = false;          // largest() is another one than before
  };
  // Several times a second.  `up`: the small probes of the tunnel are answered.
  Step step(uint32_t tunnel, bool up, Instant now);

  static constexpr uint32_t kFloorV4 = 576;   // RFC 791: what each host takes
  static constexpr uint32_t kFloorV6 = 1280;  // RFC 8200 section 5
  static constexpr std::chrono::minutes kRaiseAfter{10};
  static constexpr std::chrono::seconds kCheckInterval{5};
  static constexpr std::chrono::seconds kRetryInterval{1};
  static constexpr std::chrono::seconds kSearchTime{2};
  static constexpr unsigned kLostMax = 3;

 private:
  struct State {
    IpAddress peer;
    uint32_t link_mtu = 0;
    uint32_t learned = 0;  // 0: nothing below the link's
    Instant learned_at{};
    uint32_t answered = 0;  // largest probe that was answered since the last step
    unsigned lost = 0;      // probes of the full size since the last answer to one
    Instant next_check{};
    bool searching = false;
    Instant search_until{};

    uint32_t largest() const;
    uint32_t floor() const;
  };

  static Step raise_again(State& state, bool up, Instant now);
  static Step check(State& state, Instant now);
  static Step end_search(State& state, Instant now);

  std::map<uint32_t, State> states_;
};

}  // namespace raven::dataplane
