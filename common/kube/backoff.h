// Backoff: 0.8 s doubling to 30 s, each stretched by 0..100 % at random, so that many clients that
// lost one server do not come back together.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace raven::kube {

class Backoff {
 public:
  explicit Backoff(uint64_t seed) : random_{seed} {}

  std::chrono::milliseconds next() {
    const double base_ms =
        std::min(kFirstMs * static_cast<double>(1u << std::min(failures_, 16u)), kLastMs);
    ++failures_;
    return std::chrono::milliseconds{
        static_cast<int64_t>(base_ms * std::uniform_real_distribution<double>{1.0, 2.0}(random_))};
  }
  void reset() { failures_ = 0; }

 private:
  static constexpr double kFirstMs = 800;
  static constexpr double kLastMs = 30'000;
  std::mt19937_64 random_;
  unsigned failures_ = 0;
};

}  // namespace raven::kube
