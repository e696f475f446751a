// EsnResync: when to suspect that the peer is a whole turn of 2^32 numbers ahead.
// SPDX-License-Identifier: Apache-2.0
//
// RFC 4303 appendix A3: after an outage of that many packets the high half that is inferred is too
// low, and every packet fails its ICV.  So after a row of failures without any success, one packet
// in kEvery is tried once more with a higher half, on a copy.  Forged packets can cause no more
// than that: one more decryption per kEvery of theirs.
// Threading: the worker that owns the SA.
#pragma once

#include <cstdint>

namespace raven::dataplane {

class EsnResync {
 public:
  static constexpr uint32_t kEvery = 64;    // failures in a row
  static constexpr uint32_t kTurnsMax = 4;  // turns that are tried, one after the other

  // A packet failed its ICV, or passed.
  void failed() {
    if (failures_left_ != 0) --failures_left_;
  }
  void passed() { failures_left_ = kEvery; }

  // Whether the next packet is to be tried.
  bool due() const { return failures_left_ == 0; }
  // How many turns ahead to try now; 1..kTurnsMax.
  uint32_t next_turns() {
    failures_left_ = kEvery;
    return tries_++ % kTurnsMax + 1;
  }
  uint32_t tries() const { return tries_; }

 private:
  uint32_t failures_left_ = kEvery;  // in a row, until a packet is tried
  uint32_t tries_ = 0;
};

}  // namespace raven::dataplane
