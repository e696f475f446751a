// Flood: what an attacker sends to the WAN port, made out of good frames.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: a value.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <span>

namespace raven::perf {

enum class FloodKind : uint8_t {
  kNone,
  kUnknownSpi,
  kBadIcv,
  kReplay,  // exact copies of one packet, of which the first is accepted
  kSpoof,   // authentic, from an inner source that is not the peer's: a box that was taken over
  kPunt,    // broadcast ARP requests, which belong to the kernel
};

struct Flood {
  FloodKind kind = FloodKind::kNone;
  bool mixed = false;  // every second frame stays as it is

  bool any() const { return kind != FloodKind::kNone; }
  bool hits(std::size_t i) const { return any() && !(mixed && i % 2 == 0) && !is_original(i); }
  // How many of `count` frames a gateway has to forward.
  unsigned legitimate(unsigned count) const;
  // Turns complete frames (Ethernet, IPv4, ESP) into those of the flood.  A spoofed source cannot
  // be added later, see Traffic.
  void spoil(std::span<rte_mbuf* const> frames) const;

 private:
  bool is_original(std::size_t i) const { return kind == FloodKind::kReplay && i == 0; }
};

}  // namespace raven::perf
