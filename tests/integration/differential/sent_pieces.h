// SentPieces: puts the fragments of outer packets together as they come out of the dataplane.
// SPDX-License-Identifier: Apache-2.0
//
// Part of the oracle: shares no code with the dataplane.  Stricter than a receiver: the pieces come
// in order, one packet after the other, and each is as large as the path allows.
#pragma once

#include "tests/unit/dataplane/testing/packet_builder.h"

namespace raven::dataplane::test {

class SentPieces {
 public:
  explicit SentPieces(std::size_t path_mtu) : path_mtu_{path_mtu} {}

  static bool is_piece(const Bytes& ip);

  // Into how many pieces an IP packet of `size` bytes is cut.
  std::size_t count_of(std::size_t size, bool v4) const;

  struct Result {
    bool right = false;  // the piece is what it has to be
    Bytes whole;         // the packet, with its last piece
  };
  // REQUIRES: is_piece(ip).
  Result add(const Bytes& ip);

 private:
  const std::size_t path_mtu_;
  Bytes header_, payload_;  // of the packet under way
};

}  // namespace raven::dataplane::test
