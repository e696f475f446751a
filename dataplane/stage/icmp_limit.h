// IcmpLimit: how many ICMP errors may leave, in all and to one destination.
// SPDX-License-Identifier: Apache-2.0
//
// RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 (f).  An error costs the common bucket a random
// amount: who counts the errors that reach him must not learn how many others got (CVE-2020-25705).
// One destination has its own bucket, found by a keyed hash, so that a flood from one host does not
// use up what is there for all.
// Time is the TSC, given by the caller.  Threading: one worker.
#pragma once

#include <rte_random.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "dataplane/stage/token_bucket.h"

namespace raven::dataplane {

class IcmpLimit {
 public:
  static constexpr uint64_t kPerSecond = 1000;  // of a box; its workers share it
  static constexpr uint64_t kBurst = 50;
  static constexpr uint64_t kPerSecondAndDestination = 10;

  IcmpLimit(unsigned workers, uint64_t tsc_hz)
      : all_{kPerSecond / workers, kBurst, tsc_hz},
        destinations_(
            kDestinations, {kPerSecondAndDestination / workers, kPerSecondAndDestination, tsc_hz}
        ) {}

  // REQUIRES: `size` is 4 or 16.
  bool take(const uint8_t* destination, unsigned size, uint64_t now_tsc) {
    if (!destinations_[slot_of(destination, size)].take(now_tsc)) return false;
    const uint64_t cost = 1 + (rte_rand() & 1);
    return all_.take(now_tsc, cost);
  }

 private:
  static constexpr unsigned kDestinations = 1024;

  unsigned slot_of(const uint8_t* destination, unsigned size) const {
    uint64_t words[2] = {};
    std::memcpy(words, destination, size);
    const uint64_t mixed = (words[0] ^ key_) * 0x9e3779b97f4a7c15u;
    return static_cast<unsigned>(((mixed ^ mixed >> 32 ^ words[1]) * (key_ | 1)) >> 54);
  }

  const uint64_t key_ = rte_rand();
  TokenBucket all_;
  std::vector<TokenBucket> destinations_;
};

}  // namespace raven::dataplane
