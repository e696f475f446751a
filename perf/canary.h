// Canary: tells measurements that a neighbour has disturbed.
// SPDX-License-Identifier: Apache-2.0
//
// The hyper-thread beside ours may be in use by another program; then everything takes up to twice
// as long, and no counter shows it.  A run of no-ops needs the same time whenever the core is ours
// alone: a sample between two slow canaries is thrown away.
#pragma once

#include <x86intrin.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace raven::perf {

class Canary {
 public:
  Canary() {
    std::vector<uint64_t> runs(kCalibrationRuns);
    for (uint64_t& cycles : runs) cycles = measure();
    std::nth_element(runs.begin(), runs.begin() + kCalibrationRuns / 10, runs.end());
    quiet_cycles_ = runs[kCalibrationRuns / 10];
  }

  // More than this, in per cent of the best times: a neighbour is there, one costs 50 % and more.
  // Less: the clock itself wanders with what the core has just done.
  static constexpr unsigned kQuietPercentMax = 125;

  // The canary now, in per cent of the best times.  The first run only loads the instructions.
  unsigned slowness_percent() const {
    return static_cast<unsigned>(std::min(measure(), measure()) * 100 / quiet_cycles_);
  }

 private:
  static constexpr int kCalibrationRuns = 10000;

  static uint64_t measure() {
    const uint64_t begin = __rdtsc();
    for (int i = 0; i < 96; ++i) asm volatile(".rept 100\nnop\n.endr");
    return __rdtsc() - begin;
  }

  uint64_t quiet_cycles_ = 0;
};

// What repeated samples say.
struct Spread {
  double min = 0, median = 0, max = 0;
  std::size_t samples = 0;

  static Spread of(std::vector<double> samples) {
    if (samples.empty()) return {};
    std::sort(samples.begin(), samples.end());
    return {samples.front(), samples[samples.size() / 2], samples.back(), samples.size()};
  }
};

}  // namespace raven::perf
