// TokenBucket: at most `rate` events per second, bursts of at most `depth`.
// SPDX-License-Identifier: Apache-2.0
//
// Time is the TSC, given by the caller.  Threading: one thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace raven::dataplane {

class TokenBucket {
 public:
  TokenBucket(uint64_t rate_per_second, uint64_t depth, uint64_t tsc_hz)
      : cycles_per_token_{std::max<uint64_t>(tsc_hz / std::max<uint64_t>(rate_per_second, 1), 1)},
        depth_{depth},
        tokens_{depth} {}

  bool take(uint64_t now_tsc, uint64_t count = 1) {
    const uint64_t earned = (now_tsc - filled_tsc_) / cycles_per_token_;
    if (earned > 0) {
      tokens_ = std::min(depth_, tokens_ + std::min(earned, depth_));
      filled_tsc_ = earned > depth_ ? now_tsc : filled_tsc_ + earned * cycles_per_token_;
    }
    if (tokens_ < count) return false;
    tokens_ -= count;
    return true;
  }

 private:
  uint64_t cycles_per_token_;
  uint64_t depth_;
  uint64_t tokens_;
  uint64_t filled_tsc_ = 0;
};

}  // namespace raven::dataplane
