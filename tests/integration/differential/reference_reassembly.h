// ReferenceReassembly: fragments of packets to the box, until they are whole (RFC 791, RFC 8200).
// SPDX-License-Identifier: Apache-2.0
//
// Part of the oracle: shares no code with the dataplane.  Without the dataplane's limits on memory:
// no scene comes near them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/integration/differential/reference_ip.h"

namespace raven::dataplane::test {

// A frame and where it came in.
struct ReceivedFrame {
  unsigned port;
  Bytes frame;
};

class ReferenceReassembly {
 public:
  // What becomes of a fragment, and of those that waited for it.
  struct Result {
    std::vector<ReceivedFrame> punted;
    std::map<std::string, uint64_t> drops;
    std::vector<Bytes> other_worker;  // frames
    Bytes whole;                      // a frame; empty: nothing is complete
  };
  // REQUIRES: `ip` is the packet in the frame, and a fragment.
  Result add(const ReceivedFrame& received, const ReferenceIp& ip);
  // The time of all that wait is over: how many were dropped.
  uint64_t expire();

 private:
  struct Piece {
    ReceivedFrame received;
    std::size_t header;  // bytes in front of the payload
    std::size_t offset;
    Bytes payload;
    bool more;
    uint8_t ecn;
    std::size_t end() const { return offset + payload.size(); }
  };
  struct Packet {
    std::vector<Piece> pieces;
    std::string refused;  // all are dropped for it
    bool kernels = false;
  };

  Result store(Packet& packet, const Piece& piece);
  Result assemble(Packet& packet);
  static Result refuse(Packet& packet, const std::string& reason, uint64_t more);

  std::map<Bytes, Packet> packets_;
};

// The IPv6 packet of a frame without the fragment header behind the IPv6 header.
Bytes without_fragment_header(const Bytes& frame);

}  // namespace raven::dataplane::test
