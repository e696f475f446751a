// Outcome: where packets ended, in a form in which the oracle and the dataplane can be compared.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::dataplane::test {

enum class Place : uint8_t {
  kPort0,    // a frame, sent
  kPort1,    //
  kTunnel,   // an inner packet, sent in ESP that is right in every byte
  kRaven0,   // an IP packet
  kKernel0,  // a frame of port 0 for the kernel; empty: left to the kernel's own copy
  kKernel1,  // the same of port 1
  kWorker1,  // a frame, handed over
  kMoved,    // no packet: address and UDP port that the peer was seen at
  kPieces,   // as kTunnel, but in outer fragments
};

struct End {
  Place place;
  Bytes bytes;
  auto operator<=>(const End&) const = default;
};

struct Outcome {
  std::vector<End> ends;  // sorted before they are compared: a burst is not kept in order
  std::map<std::string, uint64_t> drops;

  void end(Place place, const Bytes& bytes) { ends.push_back({place, bytes}); }
  void drop(const std::string& reason) { ++drops[reason]; }
  bool operator==(const Outcome&) const = default;
  std::string text() const;
};

// How many packets ended in each way, by name.
using Tally = std::map<std::string, uint64_t>;
void add(const Outcome& outcome, Tally& tally);

}  // namespace raven::dataplane::test
